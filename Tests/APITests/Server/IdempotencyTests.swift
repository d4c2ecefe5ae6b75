import Core
import HTTPTypes
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import API
@testable import ChangeLog

/// A request that is sent again is done once.
@Suite(.timeLimit(.minutes(5))) struct IdempotencyTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aRepetitionIsAnsweredAlike(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let key = ["Idempotency-Key": "one"]
            let first = try await server.send("POST", "/notes", body: #"{"text":"a"}"#, headers: key)
            let second = try await server.send("POST", "/notes", body: #"{"text":"a"}"#, headers: key)
            #expect(first.status == 201)
            #expect(first.headers["idempotency-replayed"] == nil)
            #expect(second.status == 201)
            #expect(second.headers["idempotency-replayed"] == "true")
            #expect(second.body == first.body)
            for name in ["location", "etag", "content-type"] { #expect(second.headers[name] == first.headers[name]) }
            #expect(first.headers["etag"] == "\"1\"")
            #expect(try await server.countNotes() == 1)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anotherBodyUnderTheSameKeyIsRefused(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let key = ["Idempotency-Key": "one"]
            _ = try await server.send("POST", "/notes", body: #"{"text":"a"}"#, headers: key)
            let other = try await server.send("POST", "/notes", body: #"{"text":"b"}"#, headers: key)
            #expect(other.status == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(try await server.countNotes() == 1)
        }
    }

    @Test func aKeyBelongsToItsCredentialAndPath() async throws {
        try await NotesServer.run { server in
            let key = ["Idempotency-Key": "one"]
            let other = try await server.makeKey(["*"]).text
            #expect(try await server.send("POST", "/notes", body: #"{"text":"a"}"#, headers: key).status == 201)
            let second = try await server.send("POST", "/notes", body: #"{"text":"b"}"#, key: other, headers: key)
            #expect(second.status == 201)
            let bulk = try await server.send("POST", "/notes/bulk", body: #"{"texts":["c"]}"#, headers: key)
            #expect(bulk.text == "1")
            #expect(try await server.countNotes() == 2)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func ofManyAtOnceExactlyOneTakesEffect(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let answers = try await withThrowingTaskGroup(of: RawConnection.Response.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await server.send(
                            "POST", "/notes", body: #"{"text":"a"}"#, headers: ["Idempotency-Key": "storm"])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await server.countNotes() == 1)
            #expect(answers.filter { $0.status == 201 && $0.headers["idempotency-replayed"] == nil }.count == 1)
            #expect(answers.allSatisfy { $0.status == 201 || $0.code == "idempotency_in_flight" })
            #expect(Set(answers.filter { $0.status == 201 }.map(\.text)).count == 1)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aFailureIsNotRemembered(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let key = ["Idempotency-Key": "one"]
            let refused = try await server.send("POST", "/notes", body: #"{"text":"half-done"}"#, headers: key)
            #expect(refused.code == "note_refused")
            #expect(try await server.countNotes() == 0)
            // The key is free again, even for another body.
            let next = try await server.send("POST", "/notes", body: #"{"text":"b"}"#, headers: key)
            #expect(next.status == 201)
            #expect(next.headers["idempotency-replayed"] == nil)
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 256), "a b", "ä"])
    func aKeyOfAnotherFormIsRefused(_ key: String) async throws {
        try await NotesServer.run { server in
            let answer = try await server.send(
                "POST", "/notes", body: #"{"text":"a"}"#, headers: ["Idempotency-Key": key])
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_idempotency_key")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func keysAreForgottenAfterTheirTime(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            for number in 0..<3 {
                _ = try await server.send(
                    "POST", "/notes", body: #"{"text":"\#(number)"}"#, headers: ["Idempotency-Key": "\(number)"])
            }
            let store = server.store
            let sweeper = IdempotencySweeper(
                log: store.log, settings: .defaults, metrics: store.metrics, logger: Logger(label: "test"))
            store.time.advance(bySeconds: 24 * 3_600)
            _ = try await server.send("POST", "/notes", body: #"{"text":"new"}"#, headers: ["Idempotency-Key": "new"])
            #expect(try await sweeper.sweep() == 0)
            store.time.advance(bySeconds: 1)
            let gone = LeaseGrant(
                token: 1, row: LeaseRow(name: "idempotency_sweeper", holder: "gone"))
            let failure = await #expect(throws: Failure.self) { try await sweeper.sweep(under: gone) }
            #expect(failure?.code == "lease_lost")
            #expect(try await sweeper.sweep() == 3)
            let left = try await store.database.read {
                try $0.first("SELECT COUNT(*) FROM idempotency_keys") { $0.int(0) }
            }
            #expect(left == 1)
        }
    }

    /// A route whose work needs another program, which is away for who says `If-Match`.
    private static let asking = Route.write(.post, "/asking", scope: "notes:write") { request in
        let text = try request.readBody { $0.string("text", length: 1...100) }
        guard request.expectedVersion == nil else {
            throw Failure(.unavailable, code: "program_away", "It is away.", retryAfter: 1)
        }
        return { _ in .ok(Int64(text.utf8.count)) }
    }

    @Test func aRepetitionNeedsNothingOfWhatItsWorkNeeds() async throws {
        try await NotesServer.run(routes: [Self.asking]) { server in
            func send(_ key: String, _ text: String = "abc", isAway: Bool = true) async throws -> RawConnection.Response
            {
                let away = isAway ? ["If-Match": "\"1\""] : [:]
                return try await server.send(
                    "POST", "/asking", body: "{\"text\":\"\(text)\"}",
                    headers: ["Idempotency-Key": key].merging(away) { $1 })
            }
            #expect(try await send("one", isAway: false).text == "3")
            let repeated = try await send("one")
            #expect(repeated.text == "3" && repeated.headers["idempotency-replayed"] == "true")
            #expect(try await send("one", "other").code == "idempotency_key_reused")
            #expect(try await send("two").code == "program_away")
        }
    }
}
