import Core
import Telemetry
import TestKit
import Testing

/// A tenant that has as much as it may have is told so, and nobody else notices.
@Suite(.timeLimit(.minutes(5))) struct RecommendationQuotaTests {
    private static func entity(_ id: String) -> String {
        #"{"entity_id": "\#(id)", "entity_type": "product", "attributes": {}}"#
    }

    private static func view(_ user: String, _ id: String) -> String {
        #"{"user_id": "\#(user)", "entity_id": "\#(id)", "entity_type": "product", "interaction_type": "view"}"#
    }

    private func refusals(_ limit: String, _ server: LiveServer) -> Int64 {
        Int64(server.store.metrics.counter("recommendation_refusals_total", "", labels: ["limit"]).with(limit).value)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func entitiesAreRefusedBeyondTheLimit(_ engine: TestStore.Engine) async throws {
        let settings = ["recommendations.entity_limit": "3"]
        try await RecommendationRoutesFixture.withServer(engine, settings: settings) { server in
            let rows = ["a", "b", "a", "c", "d", "e"].map(Self.entity).joined(separator: ",")
            let body = #"{"entities": [5, \#(rows)]}"#
            let batch = JSONValue.object(try await server.send("POST", "/api/v1/entities/bulk", body).json())
            #expect(batch["status"] == .string("partially_completed") && batch["successful"] == .number("4"))
            #expect(batch["errors"]?.elements.map { $0["index"] } == ["0", "5", "6"].map { JSONValue.number($0) })
            #expect(batch["errors"]?.elements.last?["code"] == .string("too_many_entities"))
            let refused = try await server.send("POST", "/api/v1/entities", Self.entity("d"))
            #expect(refused.status == 409)
            #expect(try refused.json()["code"] == .string("too_many_entities"))
            let brought = Self.view("ann", "d").dropLast() + #", "create_entity": true}"#
            #expect(try await server.send("POST", "/api/v1/interactions", String(brought)).status == 409)
            #expect(refusals("entities", server) == 4)
            let path = "/api/v1/entities/a?entity_type=product"
            #expect(try await server.send("PUT", path, #"{"attributes": {"x": 1}}"#).status == 200)
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*"])
            let other = ["Authorization": "Bearer \(key)"]
            #expect(try await server.send("POST", "/api/v1/entities", Self.entity("d"), headers: other).status == 201)
            #expect(try await server.send("DELETE", path).status == 204)
            #expect(try await server.send("POST", "/api/v1/entities", Self.entity("d")).status == 201)
            let all = try await server.send("GET", "/api/v1/export/entities")
            #expect(try JSONParser.parse(all.body).elements.count == 3)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func interactionsAndUsersAreRefusedBeyondTheLimits(_ engine: TestStore.Engine) async throws {
        let settings = ["recommendations.interaction_limit": "4", "recommendations.user_limit": "2"]
        try await RecommendationRoutesFixture.withServer(engine, settings: settings) { server in
            let users = ["ann", "bob", "carl", "ann", "ann", "bob"]
            let rows = users.map { Self.view($0, "tea") }.joined(separator: ",")
            let answer = try await server.send("POST", "/api/v1/interactions/bulk", #"{"interactions": [\#(rows)]}"#)
            let batch = JSONValue.object(try answer.json())
            #expect(batch["successful"] == .number("4"))
            let codes = batch["errors"]?.elements.map { $0["code"]?.string }
            #expect(codes == ["too_many_users", "too_many_interactions"])
            let refused = try await server.send("POST", "/api/v1/interactions", Self.view("ann", "tea"))
            #expect(refused.status == 409)
            #expect(try refused.json()["code"] == .string("too_many_interactions"))
            let described = try await server.send("PUT", "/api/v1/users/carl", #"{"attributes": {}}"#)
            #expect(described.status == 409)
            #expect(try described.json()["code"] == .string("too_many_users"))
            #expect(try await server.send("PUT", "/api/v1/users/ann", #"{"attributes": {}}"#).status == 201)
            #expect(refusals("users", server) == 2 && refusals("interactions", server) == 2)
            #expect(try await server.send("DELETE", "/api/v1/users/bob").status == 204)
            #expect(try await server.send("PUT", "/api/v1/users/carl", #"{"attributes": {}}"#).status == 201)
            let last = try await server.send("POST", "/api/v1/interactions", Self.view("carl", "tea"))
            #expect(last.status == 201, "\(String(decoding: last.body, as: UTF8.self))")
        }
    }

    @Test func aTenantMayHaveALimitOfItsOwn() async throws {
        let settings = ["recommendations.tenant_limits": "2:entities=1"]
        try await RecommendationRoutesFixture.withServer(settings: settings) { server in
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*"])
            let other = ["Authorization": "Bearer \(key)"]
            for (id, status) in [("a", 201), ("b", 409)] {
                let answer = try await server.send("POST", "/api/v1/entities", Self.entity(id), headers: other)
                #expect(answer.status == status)
                #expect(try await server.send("POST", "/api/v1/entities", Self.entity(id)).status == 201)
            }
        }
    }

    /// What is written at the same moment may come on top: each client waits until what it wrote is known.
    @Test(arguments: TestStore.Engine.allCases)
    func manyWritersGoLittleBeyondTheLimit(_ engine: TestStore.Engine) async throws {
        let settings = ["recommendations.interaction_limit": "60"]
        try await RecommendationRoutesFixture.withServer(engine, settings: settings) { server in
            let clients = 8
            let written = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<clients {
                    group.addTask {
                        var written = 0
                        for number in 0..<20 {
                            let body = Self.view("u\(client)", "e\(number)")
                            let answer = try await server.send("POST", "/api/v1/interactions", body)
                            #expect([201, 409].contains(answer.status))
                            if answer.status == 201 { written += 1 }
                        }
                        return written
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect((60..<60 + clients).contains(written))
            let all = try await server.send("GET", "/api/v1/export/interactions?format=ndjson")
            #expect(all.body.count { $0 == UInt8(ascii: "\n") } == written)
        }
    }
}
