import Core
import TestKit
import Testing

/// Nobody sees or changes what users of another tenant do.
@Suite(.timeLimit(.minutes(5))) struct RecommendationTenancyTests {
    private static let tea = #""entity_id": "tea", "entity_type": "product""#
    private static let query = "entity_type=product"

    @Test(arguments: TestStore.Engine.allCases)
    func nobodySeesWhatIsAnothers(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server, headers: [:], name: "Tea")
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*"])
            let stranger = ["Authorization": "Bearer \(key)"]
            for (path, status) in [
                ("entities/tea?\(Self.query)", 404), ("users/ada", 404), ("interaction-types/wish", 404),
                ("recommendations/entity/tea?\(Self.query)", 404), ("entities/tea?\(Self.query)&tenant_id=1", 400),
                ("interactions/user/ada?tenant_id=1", 400), ("export/users?tenant_id=1", 400),
                ("recommendations/user/ada?tenant_id=1", 400),
            ] {
                let answer = try await server.send("GET", "/api/v1/\(path)", headers: stranger)
                #expect(answer.status == status, "\(path)")
            }
            for path in [
                "interactions/user/ada", "export/entities", "export/interactions", "export/users",
            ] {
                let answer = try await server.send("GET", "/api/v1/\(path)", headers: stranger)
                #expect(try JSONParser.parse(answer.body).elements.isEmpty, "\(path)")
            }
            for path in ["recommendations/user/ada?include_seen=true", "recommendations/trending"] {
                let answer = try await server.send("GET", "/api/v1/\(path)", headers: stranger).json()
                let found = answer["recommendations"] ?? answer["trending"]
                #expect(found == .array([]), "\(path)")
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nobodyChangesWhatIsAnothers(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server, headers: [:], name: "Tea")
            let before = try await everything(server, headers: [:])
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*"])
            let stranger = ["Authorization": "Bearer \(key)"]
            for (method, path, status) in [
                ("DELETE", "entities/tea?\(Self.query)", 404), ("DELETE", "users/ada", 404),
                ("DELETE", "interaction-types/wish", 404),
                ("DELETE", "interactions/user/ada?entity_id=tea&\(Self.query)", 200),
            ] {
                let answer = try await server.send(method, "/api/v1/\(path)", headers: stranger)
                #expect(answer.status == status, "\(method) \(path)")
            }
            let merge = try await server.send(
                "POST", "/api/v1/users/eve/merge", #"{"from": "ada"}"#, headers: stranger)
            #expect(try merge.json()["moved"] == .number("0"))
            for path in ["entities", "interactions", "interaction-types"] {
                let body = #"{\#(Self.tea), "tenant_id": "1", "attributes": {}}"#
                #expect(try await server.send("POST", "/api/v1/\(path)", body, headers: stranger).status == 422)
            }
            // What has the same names is another thing.
            try await fill(server, headers: stranger, name: "Thé")
            #expect(try await everything(server, headers: [:]) == before)
            let theirs = try await everything(server, headers: stranger)
            #expect(theirs.contains("Thé") && !theirs.contains("Tea"))
            #expect(try await server.send("DELETE", "/api/v1/users/ada", headers: stranger).status == 204)
            #expect(try await everything(server, headers: [:]) == before)
        }
    }

    /// An entity, a user of whom something is said and who has seen it, and a type.
    private func fill(_ server: LiveServer, headers: [String: String], name: String) async throws {
        let attributes = #""attributes": {"name": "\#(name)"}"#
        for (method, path, body) in [
            ("POST", "entities", "{\(Self.tea), \(attributes)}"), ("PUT", "users/ada", "{\(attributes)}"),
            ("POST", "interaction-types", #"{"interaction_type": "wish", "weight": 2}"#),
            (
                "POST", "interactions",
                #"{"user_id": "ada", \#(Self.tea), "interaction_type": "wish", "timestamp": "2026-01-01T00:00:00Z"}"#
            ),
        ] {
            let answer = try await server.send(method, "/api/v1/\(path)", body, headers: headers)
            #expect(answer.status == 201, "\(path)")
        }
    }

    /// All that there is of a tenant.
    private func everything(_ server: LiveServer, headers: [String: String]) async throws -> String {
        var texts: [String] = []
        for path in ["export/entities", "export/interactions", "export/users", "interaction-types"] {
            let answer = try await server.send("GET", "/api/v1/\(path)", headers: headers)
            #expect(answer.status == 200)
            texts.append(String(decoding: answer.body, as: UTF8.self))
        }
        return texts.joined()
    }
}
