import Core
import TestKit
import Testing

/// An answer that is kept is given again only while it is true.
@Suite(.timeLimit(.minutes(5))) struct RecommendationFreshnessTests {
    private static let paths = [
        "user/ada", "user/new?algorithm=popular", "user/ada?algorithm=content_based", "trending?count=10",
        "entity/e0?entity_type=product",
    ]

    private func entity(_ id: String) -> String {
        #"{"entity_id": "\#(id)", "entity_type": "product", "attributes": {"kind": "tea"}}"#
    }

    private func found(_ path: String, _ server: LiveServer) async throws -> [String] {
        let answer = try await server.send("GET", "/api/v1/recommendations/\(path)").json()
        let entries = answer["recommendations"] ?? answer["trending"]
        return entries?.elements.compactMap { $0["entity_id"]?.string } ?? []
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsDeletedIsInNoLaterAnswer(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            let ids = (0..<6).map { "e\($0)" }
            let rows = ids.map { entity($0) }.joined(separator: ",")
            let written = try await server.send("POST", "/api/v1/entities/bulk", #"{"entities": [\#(rows)]}"#)
            #expect(written.status == 202)
            let seen = #"{"user_id": "ada", "entity_id": "e0", "entity_type": "product", "interaction_type": "view"}"#
            #expect(try await server.send("POST", "/api/v1/interactions", seen).status == 201)
            for id in ids.dropFirst() {
                for path in Self.paths where !path.hasPrefix("entity") {
                    #expect(try await found(path, server).contains(id), "\(path)")
                }
                let deleted = try await server.send("DELETE", "/api/v1/entities/\(id)?entity_type=product")
                #expect(deleted.status == 204)
                for path in Self.paths { #expect(try await !found(path, server).contains(id), "\(path)") }
            }
            #expect(try await found("user/ada", server).isEmpty)
            #expect(try await server.send("POST", "/api/v1/entities", entity("e1")).status == 201)
            #expect(try await found("user/ada", server) == ["e1"])
        }
    }
}
