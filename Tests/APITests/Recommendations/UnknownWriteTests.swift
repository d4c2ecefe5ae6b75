import ChangeLog
import Core
import Recommendations
import TestKit
import Testing

@testable import API

/// What is written and not known in time, as while all of it is read after a start.
@Suite(.timeLimit(.minutes(5))) struct UnknownWriteTests {
    private static let path = "/api/v1/interactions"
    private static let view =
        #"{"user_id": "eve", "entity_id": "tea", "entity_type": "product", "interaction_type": "view"}"#

    /// Runs the closure with a server that never comes to know what is written.
    private func withServer(
        _ engine: TestStore.Engine, _ body: (LiveServer, RecommendationRoutesFixture) async throws -> Void
    ) async throws {
        let store = try await TestStore(
            engine, schemas: LiveServer.schemas + [RecommendationsSchema.schema], clock: SystemTime())
        let fixture = try RecommendationRoutesFixture(store, patience: .zero)
        try await LiveServer.run(store, routes: fixture.routes) { try await body($0, fixture) }
    }

    private func count(_ server: LiveServer) async throws -> Int {
        let answer = try await server.send("GET", Self.path + "/user/eve")
        #expect(answer.status == 200)
        return try JSONParser.parse(answer.body).elements.count
    }

    /// Its client is told that it is there, and not to send it again.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsWrittenIsNotToBeSentAgain(_ engine: TestStore.Engine) async throws {
        try await withServer(engine) { server, _ in
            let late = try await server.send("POST", Self.path, Self.view)
            #expect(late.status == 503 && late.headers["retry-after"] == nil)
            let problem = try late.json()
            #expect(problem["code"] == .string("written_not_visible"))
            #expect(problem["detail"]?.string?.contains("is written") == true)
            #expect(problem["position"] == .integer(server.store.log.seen.value))
            #expect(try await count(server) == 1)
            // Who sends nothing but reads is told to come again.
            let seen = ["Millrace-Position": String(server.store.log.seen.value)]
            let early = try await server.send("GET", Self.path + "/user/eve", headers: seen)
            #expect(try early.status == 503 && early.json()["code"] == .string("position_not_reached"))
            #expect(early.headers["retry-after"] == "1")
        }
    }

    /// Who must send it again all the same does so with a key, or with the time when it was.
    @Test(arguments: TestStore.Engine.allCases)
    func aRepetitionWithAKeyOrATimeIsTheSame(_ engine: TestStore.Engine) async throws {
        try await withServer(engine) { server, fixture in
            let dated = Self.view.replacing("}", with: #", "timestamp": "2026-01-01T00:00:00Z"}"#)
            let key = ["Idempotency-Key": "one"]
            for _ in 0..<2 {
                _ = try await server.send("POST", Self.path, Self.view, headers: key)
                _ = try await server.send("POST", Self.path, dated)
            }
            #expect(try await count(server) == 2)
            try await fixture.run {
                let known = try await server.store.settledHead()
                try await fixture.role.waitUntilKnown(known, atMost: .seconds(60))
                let again = try await server.send("POST", Self.path, Self.view, headers: key)
                #expect(again.status == 201 && again.headers["idempotency-replayed"] == "true")
            }
        }
    }
}
