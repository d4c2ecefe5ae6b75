import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// Observers as they are kept.
@Suite struct ObserversTests {
    private let observers = Observers(checks: .none)

    private func read(_ json: String) throws -> ObserverDefinition {
        try observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
    }

    private func failure(_ json: String) throws -> Failure {
        try #require(throws: Failure.self) { try read(json) }
    }

    @Test func aDefinitionNamesEverythingThatIsWrong() throws {
        let failure = try failure(
            #"{"name": "a b", "operations": ["upsert"], "condition": "total >", "actions": [{"type": "fax"}], "x": 1}"#)
        let pointers = failure.errors.map(\.pointer)
        #expect(pointers.contains("/name"))
        #expect(pointers.contains("/operations"))
        #expect(pointers.contains("/condition"))
        #expect(pointers.contains("/actions/0/type"))
        #expect(pointers.contains("/x"))
    }

    /// What is there and wrong is told of, and not called missing besides.
    @Test(arguments: [
        (#"{"type": "sms", "url": "https://example.com/", "body": "{{ total"}"#, "body"),
        (#"{"type": "push", "url": "https://example.com/", "body": "{{ total"}"#, "body"),
        (#"{"type": "sms", "url": "https://example.com/", "content_type": "text/plain", "body": "{{ total"}"#, "body"),
        (#"{"type": "sms", "url": "https://example.com/", "body": 7}"#, "body"),
        (#"{"type": "sms", "url": "https://example.com/"}"#, "body"),
        (#"{"type": "push", "url": "https://example.com/", "body": null}"#, "body"),
        (#"{"type": "webhook", "url": "https://example.com/", "content_type": "text/plain"}"#, "content_type"),
        (#"{"type": "email", "to": ["{{ a"], "subject": "x", "text": "x"}"#, "to"),
        (#"{"type": "email", "subject": "x", "text": "x"}"#, "to"),
        (#"{"type": "email", "to": ["a@example.com"], "subject": "x", "text": "{{ a"}"#, "text"),
        (#"{"type": "email", "to": ["a@example.com"], "subject": "x", "html": "{{ a"}"#, "html"),
        (#"{"type": "email", "to": ["a@example.com"], "subject": "x"}"#, "text"),
        (#"{"type": "cache", "tags": ["{{ a"]}"#, "tags"), (#"{"type": "cache"}"#, "tags"),
        (#"{"type": "cache", "tags": []}"#, "tags"),
    ])
    func onlyTheTrueFaultIsReported(_ action: String, _ member: String) throws {
        let errors = try failure(#"{"name": "a", "actions": [\#(action)]}"#).errors
        #expect(errors.map(\.pointer) == ["/actions/0/\(member)"], "\(errors)")
    }

    @Test func whatIsLeftOutHasADefault() throws {
        let definition = try read(#"{"name": "a", "actions": [{"type": "log", "message": "x"}]}"#)
        #expect(definition.entityTypes == ["*"])
        #expect(definition.operations == Operation.allCases)
        #expect(definition.ordering == .entity)
        #expect(definition.onFailure == .deadLetter)
        #expect(definition.actions.map(\.name) == ["log"])
    }

    @Test func theServersOwnAdministrationIsWatchedByNameOnly() throws {
        let all = try read(#"{"name": "a", "actions": [{"type": "log", "message": "x"}]}"#)
        #expect(all.watches("order"))
        #expect(!all.watches("observer"))
        let named = try read(
            #"{"name": "a", "entity_types": ["observer"], "actions": [{"type": "log", "message": "x"}]}"#)
        #expect(named.watches("observer"))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func secretsAreKeptAndNeverShown(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
        let definition = try read(
            #"{"name": "a", "actions": [{"type": "webhook", "url": "https://example.com/", "secrets": ["\#(secret)"],"#
                + #""headers": {"Authorization": "Bearer hidden", "X-Shop": "1"}}]}"#)
        let made = try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
            try observers.create(definition, in: $0)
        }.value
        let shown = String(decoding: JSONWriter.bytes(of: made), as: UTF8.self)
        #expect(!shown.contains(secret))
        #expect(!shown.contains("hidden"))
        #expect(shown.contains("\"X-Shop\":\"1\""))
        // Another member is changed, and the masks are sent back as they came.
        let patch = JSONObject([.init("priority", .integer(5))])
        let changed = try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
            try observers.update(.id(made.id), patch, expecting: 1, in: $0)
        }.value
        #expect(String(decoding: changed.definition.stored, as: UTF8.self).contains(secret))
        #expect(String(decoding: changed.definition.stored, as: UTF8.self).contains("Bearer hidden"))
        let log = try await store.log.changes(after: .start, limit: 100)
        #expect(log.count == 2)
        #expect(log.allSatisfy { !String(decoding: $0.after ?? [], as: UTF8.self).contains(secret) })
    }

    @Test(arguments: TestStore.Engine.allCases)
    func actionsKeepTheirNumbersByName(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        func actions(_ names: [String]) throws -> ObserverDefinition {
            let list = names.map { #"{"type": "log", "name": "\#($0)", "message": "x"}"# }.joined(separator: ",")
            return try read(#"{"name": "a", "actions": [\#(list)]}"#)
        }
        let first = try actions(["one", "two"])
        let made = try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
            try observers.create(first, in: $0)
        }.value
        #expect(made.definition.actions.map(\.number) == [0, 1])
        let second = try actions(["three", "two"])
        let changed = try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
            try observers.replace(.name("a"), second, expecting: nil, in: $0)
        }.value
        #expect(changed.definition.actions.map(\.number) == [2, 1])
        let versions = try await store.log.read { [observers] in
            try observers.versions(.name("a"), PageRequest(), of: .first, in: $0)
        }.value
        #expect(versions.items.map(\.version) == [2, 1])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aNameIsUniqueAndAVersionIsHeld(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        let definition = try read(#"{"name": "a", "actions": [{"type": "log", "message": "x"}]}"#)
        _ = try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
            try observers.create(definition, in: $0)
        }
        let taken = await #expect(throws: Failure.self) {
            try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
                try observers.create(definition, in: $0)
            }
        }
        #expect(taken?.code == "name_taken")
        let stale = await #expect(throws: Failure.self) {
            try await store.log.write(TestStore.context, isolation: .readCommitted) { [observers] in
                try observers.replace(.name("a"), definition, expecting: 7, in: $0)
            }
        }
        #expect(stale?.code == "version_mismatch")
        let other = await #expect(throws: Failure.self) {
            try await store.log.read { [observers] in
                try observers.find(.name("a"), of: Tenant(2), in: $0)
            }
        }
        #expect(other?.code == "not_found")
    }
}
