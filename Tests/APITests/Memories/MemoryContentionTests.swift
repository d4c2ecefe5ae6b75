import ChangeLog
import Core
import Telemetry
import TestKit
import Testing

@testable import API

/// Many clients write memories at the same time.
@Suite(.timeLimit(.minutes(5))) struct MemoryContentionTests {
    private static func batch(_ ids: [String], user: Int, namespace: String) -> String {
        let points = ids.map { id in
            """
            {"point_id": "\(id)", "vector": [1, 0, 0], "namespace": "\(namespace)",
             "payload": {"user_id": \(user), "category": "c", "key": "k\(user)", "value": "v", "source": "s",
              "created": 1, "updated": 1, "active": true}}
            """
        }
        return "{\"points\": [\(points.joined(separator: ","))]}"
    }

    /// Sends the bodies at the same time, and returns the states of the answers.
    private static func send(_ path: String, _ bodies: [String], to server: LiveServer) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for body in bodies { group.addTask { try await server.send("POST", path, body).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func retries(_ server: LiveServer) -> Int {
        server.store.metrics.counter("database_retries_total", "").with().value
    }

    @Test func batchesOfNewMemoriesDoNotUndoEachOther() async throws {
        try await MemoryRoutesFixture.withServer(.postgres) { server in
            _ = try await Self.send("/memories/batch", [Self.batch(["first"], user: 1, namespace: "n")], to: server)
            let before = Self.retries(server)
            // Their keys lie between each other.
            let bodies = (0..<8).map { client in
                Self.batch((0..<50).map { "\($0)-\(client)" }, user: 1, namespace: "n")
            }
            #expect(try await Self.send("/memories/batch", bodies, to: server) == Array(repeating: 200, count: 8))
            #expect(Self.retries(server) == before)
        }
    }

    /// Those who write the first memories make the collection, whoever comes first.
    @Test(arguments: TestStore.Engine.allCases)
    func theFirstMemoriesOfManyMakeOneCollection(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            let bodies = (0..<8).map { Self.batch(["m\($0)"], user: 1, namespace: "new") }
            #expect(try await Self.send("/memories/batch", bodies, to: server) == Array(repeating: 200, count: 8))
            let found = try await server.send("GET", "/collections/user_memories_new").json()
            #expect(found["result"]?["points_count"] == .integer(8))
        }
    }

    /// An id that is new to two users is the memory of one of them.
    @Test(arguments: TestStore.Engine.allCases)
    func nobodyTakesAnIdThatSomebodyElseTakesMeanwhile(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            var keys: [(user: Int, key: String)] = []
            for user in 1...4 { keys.append((user, try await Self.key(of: user, server))) }
            for round in 0..<5 {
                let ids = (0..<20).map { "\(round)-\($0)" }
                let states = try await withThrowingTaskGroup(of: Int.self) { group in
                    for (user, key) in keys {
                        let body = Self.batch(user % 2 == 0 ? ids : ids.reversed(), user: user, namespace: "n")
                        let headers = ["Authorization": "Bearer \(key)"]
                        group.addTask {
                            try await server.send("POST", "/memories/batch", body, headers: headers).status
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(states.sorted() == [200, 403, 403, 403])
            }
        }
    }

    /// A key that reaches what is kept of one user.
    private static func key(of user: Int, _ server: LiveServer) async throws -> String {
        let credentials = Credentials(log: server.store.log, metrics: server.store.metrics)
        let scopes = try #require(Scopes(["memories:*"]))
        return try await server.store.log.write(TestStore.context) {
            try credentials.create(name: "user \(user)", scopes: scopes, user: Int64(user), in: $0)
        }.value.text
    }
}
