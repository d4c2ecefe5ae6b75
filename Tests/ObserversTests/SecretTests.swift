import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// Who may use which secrets, and where they go.
@Suite(.timeLimit(.minutes(5))) struct SecretTests {
    private static let other = Tenant(2)
    /// Actions that name a variable, each with the place where it does.
    private static let actions = [
        (#"{"type": "webhook", "url": "https://a.example.com/", "headers": {"X-Token": "NAME"}}"#, "headers/X-Token"),
        (#"{"type": "webhook", "url": "https://a.example.com/", "secrets": ["NAME"]}"#, "secrets"),
        (#"{"type": "webhook", "url": "https://a.example.com/", "secret": "NAME"}"#, "secrets"),
        (#"{"type": "slack", "url": "NAME", "text": "x"}"#, "url"),
        (#"{"type": "sms", "url": "https://a.example.com/", "body": "{}", "headers": {"A": "NAME"}}"#, "headers/A"),
        (#"{"type": "search", "url": "https://a.example.com/", "index": "i", "headers": {"A": "NAME"}}"#, "headers/A"),
    ]

    private func pointers(_ action: String, naming name: String, of tenant: Tenant) throws -> [String] {
        let json = #"{"name": "a", "actions": [\#(action.replacing("NAME", with: name))]}"#
        do {
            _ = try Observers(checks: .none).read(JSONParser.parse(Array(json.utf8)), of: tenant)
            return []
        } catch let failure as Failure {
            return failure.errors.map(\.pointer)
        }
    }

    @Test(arguments: actions)
    func onlyTheOperatorNamesVariablesAndOnlySecrets(_ action: String, _ member: String) throws {
        let place = ["/actions/0/\(member)"]
        #expect(try pointers(action, naming: "env:MILLRACE_SECRET_SHOP", of: .first).isEmpty)
        for name in ["MILLRACE_ADMIN_KEY", "PATH", "MILLRACE_STORAGE_URL", "millrace_secret_shop", ""] {
            #expect(try pointers(action, naming: "env:\(name)", of: .first) == place, "\(name)")
        }
        #expect(try pointers(action, naming: "env:MILLRACE_SECRET_SHOP", of: Self.other) == place)
    }

    @Test func aFileMayNotNameOtherVariablesEither() {
        let file = """
            observers:
              - name: a
                actions: [{type: slack, url: "env:MILLRACE_ADMIN_KEY", text: x}]
            """
        let failure = #expect(throws: Failure.self) { try ObserverFile(text: file) }
        #expect(failure?.errors.map(\.pointer) == ["/observers/0/actions/0/url"])
        #expect(failure?.errors.first?.message.contains("MILLRACE_SECRET_") == true)
    }

    /// What an event holds is a text, whatever it looks like.
    @Test func onlyADefinitionNamesAVariable() async throws {
        let environment = ["MILLRACE_SECRET_SHOP": "Bearer hidden", "MILLRACE_SECRET_INDEX": "ApiKey deep"]
        let double = ElasticsearchDouble()
        try await RoleFixture.run(
            environment: environment, answering: { $0.path == "/hook" ? .ok : double.answer($0) }
        ) { fixture in
            try await fixture.act(
                """
                {"type": "webhook", "url": "\(fixture.receiver.url("/hook"))", "headers":
                 {"Authorization": "env:MILLRACE_SECRET_SHOP", "X-Status": "{{ status }}",
                  "X-Quoted": "{{ 'env:MILLRACE_SECRET_SHOP' }}", "X-Joined": "env:{{ status | replace('env:', '') }}"}}
                """,
                """
                {"type": "search", "url": "\(fixture.receiver.url("/search"))", "index": "orders",
                 "headers": {"Authorization": "env:MILLRACE_SECRET_INDEX", "X-Status": "{{ status }}"}}
                """)
            try await fixture.order(7, status: "env:MILLRACE_SECRET_SHOP")
            let requests = try await fixture.received(2)
            let hook = try #require(requests.first { $0.path == "/hook" })
            #expect(hook["authorization"] == "Bearer hidden")
            for name in ["x-status", "x-quoted", "x-joined"] { #expect(hook[name] == "env:MILLRACE_SECRET_SHOP") }
            let document = try #require(requests.first { $0.path != "/hook" })
            #expect(document["authorization"] == "ApiKey deep")
            #expect(document["x-status"] == "env:MILLRACE_SECRET_SHOP")
        }
    }

    /// Definitions that were stored before variables had to be secrets send nothing.
    @Test(arguments: [(Tenant.first, "MILLRACE_ADMIN_KEY"), (other, "MILLRACE_SECRET_SHOP")])
    func whatWasStoredBeforeNamesNoOtherVariable(_ tenant: Tenant, _ name: String) async throws {
        let environment = ["MILLRACE_ADMIN_KEY": "mk_hidden", "MILLRACE_SECRET_SHOP": "hidden"]
        try await RoleFixture.run(environment: environment) { fixture in
            try await Self.store(
                """
                {"name": "old", "actions": [
                  {"type": "webhook", "url": "\(fixture.receiver.url())", "headers": {"X-Token": "env:\(name)"}}]}
                """, of: tenant, fixture)
            #expect(try await Self.deadReasons(of: tenant, 1, fixture) == ["secret_forbidden"])
            #expect(fixture.receiver.count == 0)
        }
    }

    /// Whoever may read observers may try them, and sees no more by it.
    @Test func aDryRunShowsNoSecret() async throws {
        let signing = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
        let environment = ["MILLRACE_SECRET_SHOP": "hidden-variable"]
        try await RoleFixture.run(environment: environment) { fixture in
            try await fixture.observe(
                """
                {"name": "secret", "operations": ["insert"], "actions": [
                  {"type": "webhook", "url": "https://a.example.com/", "secrets": ["\(signing)"],
                   "headers": {"Authorization": "Bearer hidden-text", "X-Api-Key": "{{ status }}", "X-Shop": "1",
                               "X-Token": "env:MILLRACE_SECRET_SHOP", "X-Variable": "env:MILLRACE_SECRET_SHOP"}},
                  {"type": "slack", "url": "https://hooks.example.com/services/hidden-url", "text": "x"},
                  {"type": "slack", "name": "other", "url": "env:MILLRACE_SECRET_SHOP", "text": "x"},
                  {"type": "sms", "url": "https://b.example.com/", "body": "{}", "headers": {"X-Password": "hidden"}},
                  {"type": "search", "url": "https://c.example.com/", "index": "i", "headers": {"X-Secret": "hidden"}}]}
                """)
            try await fixture.order(7, status: "hidden-status")
            let event = fixture.lastEvent
            let test = try await fixture.role.events.test(
                .name("secret"), event, at: fixture.store.log.time.now(), of: .first)
            let text = String(decoding: JSONWriter.bytes(of: test), as: UTF8.self)
            let actions = try JSONParser.parse(Array(text.utf8))["actions"]?.elements ?? []
            let sent = actions.map { $0["would_send"] ?? .null }
            #expect(sent.count == 5 && !sent.contains(.null), "\(text)")
            for header in ["Authorization", "X-Api-Key"] { #expect(sent[0]["headers"]?[header] == .string("***")) }
            for header in ["X-Token", "X-Variable"] {
                #expect(sent[0]["headers"]?[header] == .string("env:MILLRACE_SECRET_SHOP"))
            }
            #expect(sent[0]["headers"]?["X-Shop"] == .string("1"))
            #expect(sent[1]["url"] == .string("***") && sent[2]["url"] == .string("env:MILLRACE_SECRET_SHOP"))
            // The event itself, which the body holds, has that status.
            #expect(!text.replacing("hidden-status", with: "").contains("hidden"), "\(text)")
            #expect(!text.contains(signing))
        }
    }

    private static let signing = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    /// Actions by their URL with a secret, the same with a mask, and where that stands.
    private static let masked = [
        (#""type": "webhook", "headers": {"Authorization": "SECRET"}"#, "Bearer hidden", "headers/Authorization"),
        (#""type": "webhook", "secrets": ["SECRET"]"#, signing, "secrets"),
        (#""type": "sms", "body": "{}", "headers": {"X-Key": "SECRET"}"#, "hidden", "headers/X-Key"),
        (#""type": "search", "index": "i", "headers": {"X-Token": "SECRET"}"#, "hidden", "headers/X-Token"),
    ]

    /// A mask keeps a secret where it was, and takes it to no other server.
    @Test(arguments: masked)
    func aMaskedSecretStaysAtItsServer(_ members: String, _ secret: String, _ place: String) async throws {
        let store = try await TestStore(schemas: [ObserversSchema.schema])
        let observers = Observers(checks: .none)
        func definition(_ url: String, _ secret: String) throws -> ObserverDefinition {
            let action = members.replacing("SECRET", with: secret)
            let json = #"{"name": "a", "actions": [{"url": "\#(url)", \#(action)}]}"#
            return try observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
        }
        func replace(_ definition: ObserverDefinition) async throws -> ObserverDefinition {
            try await store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.replace(.name("a"), definition, expecting: nil, in: $0)
            }.value.definition
        }
        let first = try definition("https://a.example.com/one", secret)
        _ = try await store.log.write(TestStore.context, isolation: .readCommitted) {
            try observers.create(first, in: $0)
        }
        for url in ["https://A.example.com:443/two?x=1", "https://a.example.com"] {
            let kept = try await replace(definition(url, "***"))
            #expect(String(decoding: kept.stored, as: UTF8.self).contains(secret), "\(url)")
        }
        for url in [
            "https://evil.example.com/one", "http://a.example.com/one", "https://a.example.com:8443/one",
            "https://a.example.com.evil.example.com/one",
        ] {
            let failure = await #expect(throws: Failure.self) { try await replace(definition(url, "***")) }
            #expect(failure?.kind == .invalid && failure?.errors.map(\.pointer) == ["/actions/0/\(place)"], "\(url)")
        }
        let again = try await replace(definition("https://b.example.com/one", secret))
        #expect(String(decoding: again.stored, as: UTF8.self).contains("b.example.com"))
    }

    @Test(arguments: [
        ("https://a.example.com/{{ id }}", "https://a.example.com"),
        ("HTTPS://A.example.com:443?x={{ id }}", "https://a.example.com"),
        ("https://{{ host }}/x", "https://{{ host }}/x"),
        ("https://a.example.com{{ suffix }}/x", "https://a.example.com{{ suffix }}/x"),
        ("{{ url | default('https://a.example.com/') }}", "{{ url | default('https://a.example.com/') }}"),
        ("https://a.example.com@evil.example.com/", "https://a.example.com@evil.example.com/"),
    ])
    func theServerIsWhatTheTextSays(_ url: String, _ server: String) {
        #expect(HTTPCall.server(of: url) == server)
    }

    /// Statements see the rows of every tenant, so only the operator's observers run them.
    @Test func anotherTenantRunsNoStatement() async throws {
        let path = try DatabaseActionTests.write(
            "statements: {count: \"UPDATE counters SET total = total + 1\"}\nobservers: []\n")
        try await RoleFixture.run(settings: ["observers.file": path]) { fixture in
            let json = #"{"name": "old", "actions": [{"type": "database", "statement": "count", "params": {}}]}"#
            let observers = fixture.role.observers
            _ = try observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
            let failure = #expect(throws: Failure.self) {
                try observers.read(JSONParser.parse(Array(json.utf8)), of: Self.other)
            }
            #expect(failure?.errors.map(\.pointer) == ["/actions/0/statement"])
            // Who may not run any need not know which there are.
            #expect(failure?.errors.first?.message.contains("count") == false)
            try await Self.store(json, of: Self.other, fixture)
            #expect(try await Self.deadReasons(of: Self.other, 1, fixture) == ["statement_forbidden"])
        }
    }

    /// Stores a definition that nobody would save any more, and has something happen.
    static func store(_ json: String, of tenant: Tenant, _ fixture: RoleFixture) async throws {
        let definition = try JSONFields.read(JSONParser.parse(Array(json.utf8))) { ObserverDefinition(&$0) }
        let context = ChangeContext(tenant: tenant, actor: "test")
        _ = try await fixture.store.log.write(context, isolation: .readCommitted) { [role = fixture.role] in
            try role.observers.create(definition, in: $0)
        }
        _ = try await fixture.store.log.write(context) { unit in
            let id = unit.makeIdentifier()
            try unit.recordInsert("order", id, after: RoleFixture.image(id, 7, "new"))
        }
    }

    /// Why deliveries of a tenant are dead letters, once there are that many.
    static func deadReasons(of tenant: Tenant, _ count: Int, _ fixture: RoleFixture) async throws -> [String] {
        try await fixture.eventually {
            try await fixture.store.log.read { [role = fixture.role] in
                try role.deadLetters.list(.init(), PageRequest(), of: tenant, in: $0)
            }.value.items.map(\.reason)
        } until: {
            $0.count == count
        }
    }
}
