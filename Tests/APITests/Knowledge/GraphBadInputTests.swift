import Core
import TestKit
import Testing

/// Whatever is asked of a graph is answered, or refused with what is wrong; and nobody reaches the graph of another
/// tenant.
@Suite(.timeLimit(.minutes(5))) struct GraphBadInputTests {
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.bytes(of: JSONValue.string(text)), as: UTF8.self)
    }

    private static func uuids(_ answer: LiveServer.Answer, _ name: String) throws -> [String] {
        guard case .array(let elements)? = try answer.json()[name] else { return [] }
        return elements.compactMap { if case .string(let id)? = $0["uuid"] { id } else { nil } }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whateverStandsInAQueryIsWords(_ engine: TestStore.Engine) async throws {
        try await KnowledgeRoutesFixture.withServer(engine) { server in
            let made = try await server.send(
                "POST", "/graph/triplets",
                """
                {"source_node": {"uuid": "a", "name": "apple"},
                 "edge": {"uuid": "loop", "name": "IS", "fact": "apple is apple"},
                 "target_node": {"uuid": "a", "name": "apple"}}
                """)
            #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
            let long = String(repeating: "apple \u{1F34E} ", count: 9_000)
            let queries = [
                #"apple" OR 1=1 --"#, #"\' apple \\"#, "apple AND NOT (pear) ~2 title:x^4 [a TO b] {!q}", "apple 🍎👩‍🚀",
                "'; DROP TABLE apple",
                "*apple*", "/apple/", long,
            ]
            for query in queries {
                for path in ["/search", "/search/nodes", "/search/edges"] {
                    let answer = try await server.send("POST", path, #"{"query": \#(Self.quoted(query))}"#)
                    #expect(answer.status == 200, "\(query.prefix(40))")
                    let found = path == "/search/edges" ? ("edges", "loop") : ("nodes", "a")
                    #expect(try Self.uuids(answer, found.0) == [found.1], "\(path) \(query.prefix(40))")
                }
            }
            for query in [" ", "\u{200B}", "🍎", "()"] {
                let answer = try await server.send("POST", "/search/nodes", #"{"query": \#(Self.quoted(query))}"#)
                #expect(try answer.status == 200 && Self.uuids(answer, "nodes").isEmpty)
            }
        }
    }

    /// A search with a condition on an attribute.
    private static func property(_ condition: String) -> String {
        #"{"query": "x", "filters": {"property_filters": [{"property_name": \#(condition)}]}}"#
    }

    @Test func whatIsTooLongToBeComparedIsRefused() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            func attribute(_ name: Int, _ value: Int) -> String {
                #""\#(String(repeating: "n", count: name))": "\#(String(repeating: "v", count: value))""#
            }
            let many = (0...20).map { #""a\#($0)": 1"# }.joined(separator: ",")
            for (attributes, status) in [
                (attribute(255, 1_000), 200), (attribute(256, 1_000), 422), (attribute(255, 1_001), 422), (many, 422),
            ] {
                let body = #"{"query": "x", "filters": {"attributes": {\#(attributes)}}}"#
                let answer = try await server.send("POST", "/search", body)
                #expect(answer.status == status, "\(attributes.count)")
            }
        }
    }

    @Test func whatCannotBeIsRefusedWithWhatCan() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            #expect(try await server.send("PUT", "/graph/nodes/a", #"{"name": "x"}"#).status == 201)
            let wrong: [(body: String, tells: String)] = [
                (#"{"query": "x", "config": {"reranker": "best"}}"#, "episode_mentions"),
                (#"{"query": "x", "config": {"search_methods": ["regex"]}}"#, "breadth_first_search"),
                (#"{"query": "x", "config": {"bfs_max_depth": 100}}"#, "10"),
                (#"{"query": "x", "config": {"bfs_direction": "up"}}"#, "out, in, both"),
                (#"{"query": "x", "limit": 0}"#, "/limit"), (#"{"query": "x", "limit": 100000}"#, "/limit"),
                (#"{"query": "x", "as_of": "yesterday"}"#, "/as_of"),
                (#"{"query": "x", "as_of": {"known": 1}}"#, "/as_of"),
                (
                    #"{"query": "x", "filters": {"valid_at": [[{"date": "2020-01-01", "comparison_operator": "~"}]]}}"#,
                    "IS NULL"
                ),
                (Self.property(#""x", "comparison_operator": "~", "property_value": 1"#), "=, <>, >, <, >="),
                (Self.property(#""x", "comparison_operator": "<", "property_value": true"#), "/property_filters/0"),
                (Self.property(#""x", "comparison_operator": "=", "property_value": null"#), "IS NOT NULL"),
                (Self.property(#""x", "comparison_operator": "=", "property_value": ["a"]"#), "/property_value"),
                (Self.property(#""x", "property_value": 1"#), "/comparison_operator"),
                (#"{"query": "x", "filters": {"attributes": {"x": {}}}}"#, "/filters/attributes"),
                (#"{"query": "x", "filters": {"attributes": ["x"]}}"#, "/filters/attributes"),
                (#"{"query": "x", "query_vector": [1, 2]}"#, "3 components"), (#"{"query": 5}"#, "/query"),
                (#"{"query": "x", "nonsense": 1}"#, "/nonsense"), ("{}", "/query"),
                (#"{"query": "x", "config": {"reranker": "node_distance"}}"#, "center_node_uuid"),
                (
                    #"{"query": "x", "center_node_uuid": "nobody", "config": {"reranker": "node_distance"}}"#,
                    "center_node_uuid"
                ),
            ]
            for (body, tells) in wrong {
                let answer = try await server.send("POST", "/search/nodes", body)
                #expect(answer.status == 422, "\(body)")
                #expect(String(decoding: answer.body, as: UTF8.self).contains(tells), "\(body)")
            }
            let tooLong = String(repeating: "x", count: 100_001)
            #expect(try await server.send("POST", "/search", #"{"query": "\#(tooLong)"}"#).status == 422)
        }
    }

    @Test func aCircleIsWalkedOnce() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            let nodes = (0..<30).map { #"{"uuid": "n\#($0)", "name": "n"}"# }.joined(separator: ",")
            let edges = (0..<30).map {
                #"{"source_node_uuid": "n\#($0)", "target_node_uuid": "n\#(($0 + 1) % 30)", "name": "NEXT"}"#
            }.joined(separator: ",")
            let made = try await server.send("POST", "/graph/bulk", #"{"nodes": [\#(nodes)], "edges": [\#(edges)]}"#)
            #expect(made.status == 200)
            let around = try await server.send("GET", "/graph/nodes/n0/neighbors?depth=10&ids_only=true")
            #expect(try Self.uuids(around, "nodes").count == 20)
            #expect(try await server.send("GET", "/graph/nodes/n0/neighbors?depth=100").status == 400)
            let paths = try await server.send("GET", "/graph/paths?from=n0&to=n10&max_depth=10&limit=100").json()
            guard case .array(let found)? = paths["paths"] else { throw Failure.internal("no paths") }
            #expect(found.count == 1)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nobodyReachesTheGraphOfAnotherTenant(_ engine: TestStore.Engine) async throws {
        try await KnowledgeRoutesFixture.withServer(engine) { server in
            #expect(try await server.send("PUT", "/graph/nodes/secret", #"{"name": "secret apple"}"#).status == 201)
            let header = ["Authorization": "Bearer \(try await server.keyOfAnotherTenant(scopes: ["knowledge:*"]))"]
            for path in ["", "/history", "/neighbors"] {
                #expect(try await server.send("GET", "/graph/nodes/secret\(path)", headers: header).status == 404)
            }
            for (method, path, body) in [
                ("DELETE", "/graph/nodes/secret", nil), ("POST", "/graph/nodes/secret/merge", #"{"uuids": ["x"]}"#),
            ] {
                #expect(try await server.send(method, path, body, headers: header).status == 404)
            }
            let edge = #"{"source_node_uuid": "secret", "target_node_uuid": "secret", "name": "IS"}"#
            #expect(try await server.send("POST", "/graph/edges", edge, headers: header).status == 409)
            let search = #"{"query": "secret apple"}"#
            // The owner's answer is in the cache by then.
            #expect(try Self.uuids(try await server.send("POST", "/search/nodes", search), "nodes") == ["secret"])
            let found = try await server.send("POST", "/search/nodes", search, headers: header)
            #expect(try found.status == 200 && Self.uuids(found, "nodes").isEmpty)
            #expect(
                try await server.send("PUT", "/graph/nodes/secret", #"{"name": "own"}"#, headers: header).status == 201)
            #expect(try await server.send("GET", "/graph/nodes/secret").json().text("name") == "secret apple")
        }
    }
}
