import ChangeLog
import Core
import HTTPTypes
import TestKit
import Testing

@testable import API

/// No credential reaches the memories of another tenant, by whatever name it asks for them.
@Suite(.timeLimit(.minutes(5))) struct MemoryTenancyTests {
    private static let memory = """
        {"point_id": "secret", "vector": [1, 0, 0], "namespace": "ours",
         "payload": {"user_id": 7, "category": "c", "key": "k", "value": "secret tea", "source": "s", "created": 1,
          "updated": 1, "active": true}}
        """

    /// A request of another tenant, and how it is answered.
    private static let attempts: [(method: String, path: String, body: String?, status: Int)] = [
        ("GET", "/memories/secret?namespace=ours", nil, 404), ("GET", "/documents/secret", nil, 404),
        ("GET", "/collections/user_memories_ours", nil, 404),
        ("GET", "/collections/user_memories_ours/points/1", nil, 404), ("GET", "/collections/ours/points/1", nil, 404),
        ("GET", "/collections/1%2Fours/points/1", nil, 404), ("GET", "/collections/..%2Fours", nil, 404),
        ("GET", "/collections/%2e%2e/ours", nil, 404), ("GET", "/collections/ours%00", nil, 404),
        ("GET", "/collections/our%C5%BF", nil, 404), ("GET", "/collections/%EF%BD%8Furs", nil, 404),
        ("GET", "/collections/ours%27%20OR%201%3D1--", nil, 404),
        ("POST", "/collections/ours/points", #"{"ids": [1]}"#, 404),
        ("POST", "/collections/ours/points/query", "{}", 404), ("POST", "/collections/ours/points/count", "{}", 404),
        ("POST", "/collections/ours/points/scroll", "{}", 404),
        ("POST", "/collections/ours/points/delete", #"{"filter": {}}"#, 404),
        ("PUT", "/collections/ours/points", #"{"points": [{"id": 1, "vector": [9, 9]}]}"#, 404),
        ("POST", "/collections/ours/points/payload", #"{"payload": {"a": 1}, "filter": {}}"#, 404),
        ("PATCH", "/collections/ours", #"{"metadata": {"a": 1}}"#, 404),
        ("PATCH", "/memories/secret?namespace=ours", #"{"value": "changed"}"#, 404),
        ("DELETE", "/memories/secret?namespace=ours", nil, 200),
        ("DELETE", "/memories/user/7?namespace=ours", nil, 200),
        ("DELETE", "/collections/ours", nil, 200), ("DELETE", "/collections/ours/index/n", nil, 404),
        ("GET", "/memories/secret/history?namespace=ours", nil, 404),
        ("GET", "/memories/secret?namespace=ours&as_of=1", nil, 404), ("GET", "/api/v1/collections/ours", nil, 404),
        ("POST", "/api/v1/collections/ours/rebuild", nil, 404), ("POST", "/api/v1/collections/ours/verify", nil, 404),
        ("GET", "/api/v1/collections/ours/export", nil, 404), ("GET", "/collections/ours/snapshots", nil, 404),
        ("POST", "/collections/ours/snapshots", nil, 404),
    ]

    @Test(arguments: TestStore.Engine.allCases)
    func nothingOfAnotherTenantIsReached(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            #expect(try await server.send("POST", "/memories", Self.memory).status == 200)
            let vectors = #"{"vectors": {"size": 2, "distance": "Dot"}}"#
            #expect(try await server.send("PUT", "/collections/ours", vectors).status == 200)
            let points = #"{"points": [{"id": 1, "vector": [1, 2], "payload": {"n": 1}}]}"#
            #expect(try await server.send("PUT", "/collections/ours/points", points).status == 200)

            let snapshot = try await server.send("POST", "/collections/ours/snapshots").json()["result"]
            let name = try #require(snapshot?["name"]?.string)

            let stranger = ["Authorization": "Bearer \(try await server.keyOfAnotherTenant(scopes: ["memories:*"]))"]
            let recovery = "{\"location\": \"file:///ours/\(name)\"}"
            let snapshots: [(method: String, path: String, body: String?, status: Int)] = [
                ("GET", "/collections/ours/snapshots/\(name)", nil, 404),
                ("DELETE", "/collections/ours/snapshots/\(name)", nil, 404),
                ("PUT", "/collections/theirs/snapshots/recover", recovery, 404),
            ]
            for (method, path, body, status) in Self.attempts + snapshots {
                let answer = try await server.send(method, path, body, headers: stranger)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == status, "\(method) \(path): \(text)")
                #expect(!text.contains("secret tea") && !text.contains("\"n\":1"), "\(method) \(path): \(text)")
            }
            for body in [
                #"{"user_id": 7, "query_text": "tea", "namespace": "ours"}"#,
                #"{"user_id": 7, "query_vector": [1, 0, 0]}"#,
            ] {
                let found = try await server.send("POST", "/memories/search", body, headers: stranger).json()
                #expect(found["count"] == .integer(0))
            }
            let listed = try await server.send("GET", "/collections", headers: stranger).json()
            #expect(listed["result"]?["collections"]?.elements == [])

            #expect(try await server.send("PUT", "/collections/ours", vectors, headers: stranger).status == 200)
            let theirs = try await server.send("POST", "/collections/ours/points/count", "{}", headers: stranger).json()
            #expect(theirs["result"]?["count"] == .integer(0))
            #expect(try await server.send("DELETE", "/collections/ours", headers: stranger).status == 200)

            let kept = try await server.send("GET", "/collections/ours/points/1").json()["result"]
            #expect(kept?["payload"]?["n"] == .integer(1) && kept?["vector"]?.elements.count == 2)
            let memory = try await server.send("GET", "/memories/secret?namespace=ours").json()
            #expect(memory["payload"]?["value"] == .string("secret tea"))
        }
    }

    /// Whatever a route changes needs a scope to write.
    @Test func everyRouteThatWritesNeedsAScopeToWrite() async throws {
        let store = try await TestStore(schemas: LiveServer.schemas)
        for route in try MemoryRoutesFixture(store).routes {
            let isWriting =
                switch route.handler {
                case .write: true
                // A comparison of an index with the tables changes neither.
                case .custom: route.method != .get && !route.path.hasSuffix("/verify")
                default: false
                }
            let scope = "memories:\(isWriting ? "write" : "read")"
            let isOpen = ["/", "/capabilities"].contains(route.path)
            #expect(route.access == (isOpen ? .open : .scope(scope)), "\(route.method) \(route.path)")
        }
    }
}
