import ChangeLog
import Core
import Telemetry
import TestKit
import Testing

@testable import API

/// Who may do what.
@Suite(.timeLimit(.minutes(5))) struct AuthenticationTests {
    @Test(arguments: TestStore.Engine.allCases)
    func withoutAKeyThereIsNoAnswer(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let missing = try await server.send("GET", "/notes", key: "")
            #expect(missing.status == 401)
            #expect(missing.code == "credential_required")
            #expect(missing.headers["www-authenticate"] == "Bearer realm=\"millrace\"")
            for wrong in ["mk_short", "mk_" + String(repeating: "A", count: 43)] {
                let answer = try await server.send("GET", "/notes", key: wrong)
                #expect(answer.status == 401)
                #expect(answer.code == "invalid_credential")
            }
            let other = try await server.send("GET", "/notes", key: "", headers: ["X-API-Key": server.key])
            #expect(other.status == 200)
        }
    }

    @Test func aMissingScopeIsNamed() async throws {
        try await NotesServer.run { server in
            let key = try await server.makeKey(["orders:read"])
            let answer = try await server.send("GET", "/notes", key: key.text)
            #expect(answer.status == 403)
            #expect(answer.code == "missing_scope")
            #expect(answer.json.shown("scope") == "notes:read")
        }
    }

    @Test(arguments: [("*", 200, 201), ("notes:*", 200, 201), ("*:read", 200, 403), ("notes:write", 403, 201)])
    func wildcardsStandForTheirPart(_ scope: String, _ read: Int, _ write: Int) async throws {
        try await NotesServer.run { server in
            let key = try await server.makeKey([scope]).text
            #expect(try await server.send("GET", "/notes", key: key).status == read)
            #expect(try await server.send("POST", "/notes", body: #"{"text":"a"}"#, key: key).status == write)
        }
    }

    @Test func aKeyEndsAtItsTime() async throws {
        try await NotesServer.run { server in
            let key = try await server.makeKey(["*"], expiresAt: server.store.time.now().advanced(bySeconds: 60)).text
            #expect(try await server.send("GET", "/notes", key: key).status == 200)
            server.store.time.advance(bySeconds: 60)
            #expect(try await server.send("GET", "/notes", key: key).status == 401)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRevokedKeyOpensNothingFromThenOn(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let made = try await server.send("POST", "/api/v1/keys", body: #"{"name":"till","scopes":["notes:read"]}"#)
            #expect(made.status == 201)
            let (id, key) = (made.json.shown("id"), made.json.shown("key"))
            #expect(key.hasPrefix("mk_") && key.utf8.count == 46)
            #expect(made.headers["location"] == "/api/v1/keys/\(id)")
            for _ in 0..<3 { #expect(try await server.send("GET", "/notes", key: key).status == 200) }
            let hits = server.store.metrics.counter("cache_hits_total", "", labels: ["cache"]).with("credentials")
            #expect(hits.value >= 2)
            let revoked = try await server.send("DELETE", "/api/v1/keys/\(id)")
            #expect(revoked.status == 204)
            #expect(try await server.send("GET", "/notes", key: key).status == 401)
            let seen = ["Millrace-Position": revoked.headers["millrace-position"] ?? ""]
            let changes = try await server.send("GET", "/api/v1/changes?types=api_key", headers: seen)
            #expect(changes.json.elements("items").map { $0.shown("operation") } == ["insert", "insert", "update"])
            #expect(!changes.text.contains("mk_") && !changes.text.contains("hash"))
            let list = try await server.send("GET", "/api/v1/keys?count=exact")
            #expect(list.json.shown("total") == "2")
            #expect(!list.text.contains("mk_"))
        }
    }

    @Test func nobodyPassesOnWhatTheyDoNotHave() async throws {
        try await NotesServer.run { server in
            let key = try await server.makeKey(["keys:*", "notes:read"]).text
            let body = #"{"name":"more","scopes":["notes:write"]}"#
            #expect(try await server.send("POST", "/api/v1/keys", body: body, key: key).status == 422)
            let wild = #"{"name":"more","scopes":["*"]}"#
            #expect(try await server.send("POST", "/api/v1/keys", body: wild, key: key).status == 422)
            let less = #"{"name":"less","scopes":["notes:read"]}"#
            #expect(try await server.send("POST", "/api/v1/keys", body: less, key: key).status == 201)
        }
    }

    @Test func aTenantSeesOnlyItsOwn() async throws {
        try await NotesServer.run { server in
            let made = try await server.send("POST", "/notes", body: #"{"text":"ours"}"#)
            let credentials = server.credentials
            let other = try await server.store.log.write(TestStore.context) {
                try credentials.createTenant(named: "other", in: $0)
            }.value
            let key = try await server.makeKey(["*"], of: other).text
            #expect(try await server.send("GET", "/notes/\(made.json.shown("id"))", key: key).status == 404)
            #expect(try await server.send("GET", "/notes", key: key).json.elements("items").isEmpty)
            let changes = try await server.send("GET", "/api/v1/changes?types=note", key: key)
            #expect(changes.json.elements("items").isEmpty)
            let keys = try await server.send("GET", "/api/v1/keys", key: key)
            #expect(keys.json.elements("items").count == 1)
        }
    }

    @Test func operationsAreOpenOnThisMachineButNotThroughAProxy() async throws {
        try await NotesServer.run { server in
            for path in ["/health", "/ready", "/metrics", "/metrics/json"] {
                let direct = try await server.send("GET", path, key: "")
                #expect(direct.status == 200)
                let forwarded = ["X-Forwarded-For": "203.0.113.7"]
                #expect(try await server.send("GET", path, key: "", headers: forwarded).status == 401)
                #expect(try await server.send("GET", path, headers: forwarded).status == 200)
            }
        }
    }

    @Test func theAdministratorsKeyReplacesTheOneBefore() async throws {
        try await NotesServer.run { server in
            let (first, second) = (String(repeating: "a", count: 32), String(repeating: "b", count: 32))
            let random = try await server.credentials.ensureAdmin(first)
            #expect(random == nil)
            #expect(try await server.send("GET", "/notes", key: first).status == 200)
            #expect(try await server.credentials.ensureAdmin(second) == nil)
            #expect(try await server.send("GET", "/notes", key: first).status == 401)
            #expect(try await server.send("GET", "/notes", key: second).status == 200)
            #expect(try await server.credentials.ensureAdmin(nil) == nil)
            await #expect(throws: Failure.self) { try await server.credentials.ensureAdmin("short") }
        }
    }

    @Test func readinessNamesWhatIsNotWell() async throws {
        let lagging = ReadinessCheck("search") {
            throw Failure(.unavailable, code: "follower_lags", "The follower is behind.")
        }
        try await NotesServer.run(checks: [lagging]) { server in
            let answer = try await server.send("GET", "/ready", key: "")
            #expect(answer.status == 503)
            #expect(answer.json.shown("status") == "not_ready")
            #expect(answer.text.contains("follower_lags"))
            #expect(try await server.send("GET", "/health", key: "").status == 200)
        }
    }
}
