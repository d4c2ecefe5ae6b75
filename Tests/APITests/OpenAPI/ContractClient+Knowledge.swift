import Core
import TestKit
import Testing

/// Graphs of what is known.
extension ContractClient {
    mutating func keepGraph() async throws {
        let node = "/graph/nodes/{id}"
        let ada = #"{"name": "Ada", "labels": ["Person"], "group_id": "club", "attributes": {"born": 1815}}"#
        #expect(try await send("PUT", node, "ada", body: ada, status: 201).text("version") == "1")
        #expect(try await send("PUT", node, "ada", body: ada).text("version") == "1")
        let more = #"{"name": "Ada Lovelace", "name_embedding": [0, 1, 0]}"#
        let written = try await send("PUT", node, "ada", body: more)
        #expect(written.text("version") == "2" && written.text("embedding_dimensions") == "3")
        #expect(try await send("GET", node, "ada").text("name") == "Ada Lovelace")
        try await send("GET", node, "nobody", status: 404)
        try await send("PUT", node, "ada", body: #"{"name": "Ada", "embedding": [1]}"#, status: 422)
        try await send("PUT", node, "ada", body: #"{"name": "Ada", "uuid": "eve"}"#, status: 422)
        try await send("PUT", node, "ada", body: #"{"name": "Ada", "group_id": "a/b"}"#, status: 422)
        try await send("PUT", node, "ada", body: "{", status: 400)
        try await send("PUT", node, "ada", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
        let charles = try await send(
            "POST", "/graph/nodes", body: #"{"uuid": "charles", "name": "Charles"}"#, status: 201)
        #expect(charles.text("uuid") == "charles")
        let nameless = try await send("POST", "/graph/nodes", body: #"{"name": "Somebody"}"#, status: 201)
        try await send("DELETE", node, nameless.text("uuid"), status: 204)
        try await send("DELETE", node, nameless.text("uuid"), status: 404)
        try await keepFacts()
        try await keepEpisodes()
        try await relateNodes()
        try await tellThePast()
        try await listCommunities()
    }

    private mutating func keepFacts() async throws {
        let edge = "/graph/edges/{id}"
        let fact = """
            {"source_node_uuid": "ada", "target_node_uuid": "charles", "name": "WORKS_WITH",
             "fact": "Ada wrote notes on the engine of Charles", "fact_embedding": [1, 0, 0],
             "valid_at": "1842-01-01T00:00:00Z", "episodes": ["notes"], "attributes": {"pages": 20}}
            """
        try await send("PUT", edge, "engine", body: fact, status: 201)
        #expect(try await send("GET", edge, "engine").text("valid_at") == "1842-01-01T00:00:00Z")
        let dangling = #"{"source_node_uuid": "ada", "target_node_uuid": "nobody", "name": "KNOWS"}"#
        let refused = try await send("POST", "/graph/edges", body: dangling, status: 409)
        #expect(refused.text("code") == "node_missing")
        let early = #", "invalid_at": "1841-01-01T00:00:00Z"}"#
        try await send("PUT", edge, "engine", body: fact.dropLast(1) + early, status: 422)
        let other = #"{"uuid": "x", "source_node_uuid": "ada", "target_node_uuid": "ada", "name": "IS"}"#
        try await send("POST", "/graph/edges", body: other, status: 201)
        try await send("DELETE", edge, "x", status: 204)
        try await send("GET", edge, "x", status: 404)
    }

    private mutating func keepEpisodes() async throws {
        let episode = "/graph/episodes/{id}"
        let notes = #"{"content": "Sketch of the engine", "mentions": ["ada"], "source": "text"}"#
        try await send("PUT", episode, "notes", body: notes, status: 201)
        #expect(try await send("GET", episode, "notes").text("source") == "text")
        try await send("POST", "/graph/episodes", body: #"{"uuid": "y", "content": "gone"}"#, status: 201)
        try await send("POST", "/graph/episodes", body: #"{"content": "x", "mentions": ["nobody"]}"#, status: 409)
        try await send("DELETE", episode, "y", status: 204)
    }

    mutating func walkGraph() async throws {
        let neighbors = "/graph/nodes/{id}/neighbors"
        let around = try await send("GET", neighbors, "ada")
        #expect(around.list("nodes").map { $0.text("name") } == ["Charles"])
        #expect(around.list("edges").map { $0.text("uuid") } == ["engine"])
        #expect(around.json["has_more"] == .bool(false))
        let query = "depth=2&direction=in&edge_types=WORKS_WITH,KNOWS&limit=5&ids_only=true"
        let short = try await send("GET", neighbors, "charles", query: query)
        #expect(
            short.json["nodes"]?.elements == [
                .object(JSONObject([.init("uuid", .string("ada")), .init("depth", .integer(1))]))
            ])
        #expect(short.json["edges"]?.elements == [.string("engine")])
        let alone = try await send("GET", neighbors, "charles", query: query + "&edges=false")
        #expect(alone.json["nodes"] == short.json["nodes"] && alone.json["edges"]?.elements == [])
        try await send("GET", neighbors, "nobody", status: 404)
        try await send("GET", neighbors, "ada", query: "depth=100", status: 400)
        let paths = try await send("GET", "/graph/paths", query: "from=charles&to=ada").list("paths")
        #expect(paths.map { $0.text("length") } == ["1"])
        #expect(paths.first?.list("nodes").map { $0.text("uuid") } == ["charles", "ada"])
        let none = try await send("GET", "/graph/paths", query: "from=charles&to=ada&direction=out&max_depth=3&limit=1")
        #expect(none.list("paths").isEmpty)
        try await send("GET", "/graph/paths", query: "from=charles&to=nobody", status: 404)
        try await send("GET", "/graph/paths", query: "from=charles", status: 400)
    }

    mutating func searchGraph() async throws {
        let found = try await send("POST", "/search", body: #"{"query": "engine"}"#)
        #expect(found.list("edges").map { $0.text("uuid") } == ["engine"])
        #expect(found.list("episodes").map { $0.text("uuid") } == ["notes"])
        #expect(found.list("nodes").isEmpty)
        let config = """
            {"query": "ada", "config": {"edge_config": {"search_methods": ["bm25", "breadth_first_search"],
             "reranker": "reciprocal_rank_fusion"}, "limit": 5}, "bfs_origin_node_uuids": ["charles"]}
            """
        let facts = try await send("POST", "/search", body: config)
        #expect(facts.list("edges").first?.json["methods"]?["bfs"]?["rank"] == .integer(1))
        #expect(facts.list("nodes").isEmpty)
        // Clients of Graphiti name words and likeness together, and have no vector.
        let both = #"{"query": "engine", "config": {"search_methods": ["bm25", "cosine_similarity"]}}"#
        let words = try await send("POST", "/search/edges", body: both)
        #expect(words.list("edges").map { $0.text("uuid") } == ["engine"])
        #expect(words.json["degraded"] == .array([.string("similarity")]))
        let near = #"{"query_vector": [1, 0.1, 0], "config": {"search_methods": ["cosine_similarity"]}}"#
        #expect(try await send("POST", "/search/edges", body: near).list("edges").map { $0.text("uuid") } == ["engine"])
        let dated = """
            {"query": "engine",
             "filters": {"valid_at": [[{"date": "1850-01-01T00:00:00Z", "comparison_operator": "<"}]]}}
            """
        #expect(try await send("POST", "/search/edges", body: dated).text("total") == "1")
        let later = dated.replacing(#""<""#, with: #"">""#)
        #expect(try await send("POST", "/search/edges", body: later).text("total") == "0")
        let sized = """
            {"query": "engine", "filters": {"attributes": {"pages": 20}, "property_filters": [
             {"property_name": "pages", "comparison_operator": "<", "property_value": 20.5},
             {"property_name": "lost", "comparison_operator": "IS NULL", "property_value": null}]}}
            """
        #expect(try await send("POST", "/search/edges", body: sized).text("total") == "1")
        let other = sized.replacing("20.5", with: "20.0")
        #expect(try await send("POST", "/search/edges", body: other).text("total") == "0")
        try await send("POST", "/search", body: sized.replacing("IS NULL", with: "~"), status: 422)
        let people = try await send(
            "POST", "/search/nodes",
            body: #"{"query": "charles", "center_node_uuid": "ada", "config": {"reranker": "node_distance"}}"#)
        #expect(people.list("nodes").map { $0.text("score") } == ["0.5"])
        try await send("PUT", "/graph/nodes/{id}", "gone", body: #"{"name": "Gone"}"#, status: 201)
        let last = #"{"source_node_uuid": "gone", "target_node_uuid": "ada", "name": "LEFT"}"#
        try await send("PUT", "/graph/edges/{id}", "left", body: last, status: 201)
        try await send("DELETE", "/graph/nodes/{id}", "gone", status: 204)
        try await send("GET", "/graph/edges/{id}", "left", status: 404)
        try await send("GET", "/graph/edges/{id}", "engine")
        #expect(try await send("POST", "/search/episodes", body: #"{"query": "sketch"}"#).text("total") == "1")
        try await send("POST", "/search", body: "{}", status: 422)
        let unknown = #"{"query": "x", "config": {"reranker": "best"}}"#
        let refused = try await send("POST", "/search/nodes", body: unknown, status: 422)
        #expect(refused.body.isEmpty || String(decoding: refused.body, as: UTF8.self).contains("episode_mentions"))
    }
}
