import Core
import Foundation
import Storage
import TestKit
import Testing

/// Files of all entities, interactions and users are whole, or end with their connection.
@Suite(.timeLimit(.minutes(5))) struct RecommendationExportTests {
    /// More entities and interactions than are read at once.
    private static let (entityCount, interactionCount) = (450, 2_300)

    private static func id(_ number: Int) -> String { #"e\#(number), "é""# }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.bytes(of: JSONValue.string(text)), as: UTF8.self)
    }

    private func send(_ server: LiveServer, _ path: String, _ name: String, _ rows: [String]) async throws {
        let body = #"{"\#(name)": [\#(rows.joined(separator: ","))]}"#
        let answer = try await server.send("POST", "/api/v1/\(name)/bulk", body)
        #expect(answer.status == 202)
        #expect(try answer.json()["failed"] == .number("0"))
    }

    private func fill(_ server: LiveServer) async throws {
        let entities = (0..<Self.entityCount).map { number in
            let type = number % 3 == 0 ? "article" : "product"
            return """
                {"entity_id": \(Self.quoted(Self.id(number))), "entity_type": "\(type)",
                 "attributes": {"n": \(number), "text": "a, \\"b\\"\\n=c"}}
                """
        }
        try await send(server, "entities", "entities", entities)
        let interactions = (0..<Self.interactionCount).map { number in
            let time = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(number) * 1_000_000)
            return """
                {"user_id": "u\(number % 7)", "entity_id": \(Self.quoted(Self.id(number % 450))),
                 "entity_type": "product", "interaction_type": {"rating": \(number % 6)}, "weight": 0.1,
                 "metadata": {"page": "=1+1"},
                 "timestamp": "\(time)"}
                """
        }
        try await send(server, "interactions", "interactions", interactions)
        for user in ["u3", "v"] {
            let answer = try await server.send("PUT", "/api/v1/users/\(user)", #"{"attributes": {"age": 36}}"#)
            #expect(answer.status == 201)
        }
    }

    private func rows(_ server: LiveServer, _ path: String) async throws -> [JSONValue] {
        let answer = try await server.send("GET", "/api/v1/export/\(path)")
        #expect(answer.status == 200)
        return try JSONParser.parse(answer.body).elements
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nothingIsCutAndNothingTwice(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server)
            let entities = try await rows(server, "entities")
            #expect(entities.count == Self.entityCount)
            #expect(Set(entities.compactMap { $0["entity_id"]?.string }).count == Self.entityCount)
            #expect(try await rows(server, "entities?entity_type=article").count == Self.entityCount / 3)
            #expect(try await rows(server, "entities?last_modified_after=2100-01-01T00:00:00Z").isEmpty)
            #expect(
                try await rows(server, "entities?last_modified_after=2000-01-01T00:00:00Z").count == Self.entityCount)
            let interactions = try await rows(server, "interactions")
            #expect(interactions.count == Self.interactionCount)
            #expect(Set(interactions.compactMap { $0["id"]?.string }).count == Self.interactionCount)
            // A second each from 22:13:20: both ends are in it.
            let part = "interactions?start_date=2023-11-14T22:13:21Z&end_date=2023-11-14T22:13:30Z"
            #expect(try await rows(server, part).count == 10)
            #expect(try await rows(server, "interactions?end_date=2000-01-01T00:00:00Z").isEmpty)
            for query in ["format=xml", "start_date=yesterday", "colour=red"] {
                #expect(try await server.send("GET", "/api/v1/export/interactions?\(query)").status == 400)
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func usersAreThoseOfWhomAnythingIsKnown(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server)
            let users = try await rows(server, "users?include_vectors=true")
            #expect(users.compactMap { $0["user_id"]?.string } == (0..<7).map { "u\($0)" } + ["v"])
            // 2,300 interactions in turn are 329 of each of the first four.
            #expect(users.map { $0["interaction_count"] }.prefix(2) == [.number("329"), .number("329")])
            #expect(users[0]["last_interaction_at"] == .string("2023-11-14T22:51:36Z"))
            #expect(users[0]["created_at"] == .string("2023-11-14T22:13:20Z"))
            #expect(users[0]["attributes"] == .object(JSONObject()))
            #expect(users[3]["attributes"]?["age"] == .number("36"))
            #expect(users[3]["interaction_count"] == .number("329"))
            #expect(users[7]["interaction_count"] == .number("0") && users[7]["last_interaction_at"] == .null)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func usersAreReadPageByPage(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            let rows = (0..<1_500).map {
                #"{"user_id": "u\#($0)", "entity_id": "tea", "entity_type": "product", "interaction_type": "view"}"#
            }
            try await send(server, "interactions", "interactions", rows)
            let described = try await server.send("PUT", "/api/v1/users/u1499x", #"{"attributes": {}}"#)
            #expect(described.status == 201)
            let users = try await self.rows(server, "users").compactMap { $0["user_id"]?.string }
            #expect(users == ((0..<1_500).map { "u\($0)" } + ["u1499x"]).sorted())
        }
    }

    /// Whoever asks for vectors gets those of one model, and whoever does not gets none.
    @Test(arguments: TestStore.Engine.allCases)
    func vectorsAreThoseOfTheModel(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server)
            // Of what is there a model is learnt, and another one of what came meanwhile.
            try await wait { try await rows(server, "users?include_vectors=true").first?["vector"] != .null }
            let users = try await rows(server, "users?include_vectors=true")
            let entities = try await rows(server, "entities?include_vectors=true")
            #expect(try await !rows(server, "users").contains { $0["vector"] != nil || $0["vector_model"] != nil })
            #expect(try await !rows(server, "entities?include_vectors=false").contains { $0["vector"] != nil })
            // Who has done nothing has none.
            #expect(users.last?["vector"] == .null && users.last?["vector_model"] == .null)
            let vectors = (users.dropLast() + entities).filter { $0["vector"] != .null }
            #expect(vectors.count > 7 + Self.entityCount / 2)
            #expect(Set(vectors.compactMap { $0["vector"]?.elements.count }).count == 1)
            for file in [users, entities] {
                #expect(Set(file.compactMap { $0["vector_model"]?.string }).count == 1)
            }
            let table = try await server.send("GET", "/api/v1/export/users?format=csv&include_vectors=true")
            let lines = String(decoding: table.body, as: UTF8.self).split(separator: "\r\n")
            #expect(lines.first?.hasSuffix(",attributes,vector,vector_model") == true)
            #expect(lines.dropFirst().first?.contains(",\"[") == true)
        }
    }

    /// The columns are those of the seed, with what it does not have behind them.
    @Test func theFormsSayTheSame() async throws {
        try await RecommendationRoutesFixture.withServer { server in
            try await fill(server)
            for (what, first, last) in [
                ("entities", "entity_id", "available"), ("interactions", "user_id", "recommendation_id"),
                ("users", "user_id", "attributes"),
            ] {
                let whole = try await rows(server, what)
                let lines = try await server.send("GET", "/api/v1/export/\(what)?format=ndjson")
                #expect(lines.headers["content-type"] == "application/x-ndjson")
                #expect(lines.headers["content-disposition"] == "attachment; filename=\"\(what).ndjson\"")
                let parsed = try lines.body.split(separator: UInt8(ascii: "\n")).map { try JSONParser.parse(Array($0)) }
                #expect(parsed == whole)
                let table = try await server.send("GET", "/api/v1/export/\(what)?format=csv")
                #expect(table.headers["content-disposition"] == "attachment; filename=\"\(what).csv\"")
                let text = String(decoding: table.body, as: UTF8.self)
                let header = try #require(text.split(separator: "\r\n").first).split(separator: ",")
                #expect(header.first ?? "" == first && header.last ?? "" == last)
                #expect(text.count(where: { $0 == "\r\n" }) == whole.count + 1)
            }
            let table = try await server.send("GET", "/api/v1/export/entities?format=csv&entity_type=product")
            let text = String(decoding: table.body, as: UTF8.self)
            #expect(text.contains(#""e1, ""é""",product,"{""n"":1,""text"":""a, \""b\""\n=c""}",default,"#))
        }
    }

    /// What cannot be read any more is no end that looks like one.
    @Test(arguments: ["json", "ndjson", "csv"])
    func whatFailsInTheMiddleEndsWithTheConnection(_ format: String) async throws {
        try await RecommendationRoutesFixture.withServer { server in
            try await fill(server)
            #expect(try await server.send("GET", "/api/v1/export/entities?format=\(format)").status == 200)
            _ = try await server.store.database.write { transaction in
                try transaction.execute(
                    "UPDATE recommendation_items SET document = 'torn' WHERE entity_id = \(Self.id(448))")
            }
            await #expect(throws: URLError.self) {
                _ = try await server.send("GET", "/api/v1/export/entities?format=\(format)")
            }
            // The same on the first page is known before anything is sent.
            _ = try await server.store.database.write { transaction in
                try transaction.execute("UPDATE recommendation_items SET document = 'torn'")
            }
            #expect(try await server.send("GET", "/api/v1/export/entities?format=\(format)").status == 500)
        }
    }
}
