import Core
import TestKit
import Testing

/// What names things in a graph is the same text wherever it comes: what looks alike is not two things, and what can be
/// written can be named.
@Suite(.timeLimit(.minutes(5))) struct GraphNameTests {
    /// A word as keyboards write it (normal form C), and taken apart (normal form D).
    private static let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    private static let path = "cafe%CC%81"

    private static let bodies: [(method: String, path: String, body: String)] = [
        ("POST", "/graph/nodes", #"{"uuid": "%", "name": "x"}"#),
        ("POST", "/graph/nodes", #"{"name": "x", "labels": ["%"]}"#),
        ("POST", "/graph/edges", #"{"source_node_uuid": "%", "target_node_uuid": "a", "name": "IS"}"#),
        ("POST", "/graph/edges", #"{"source_node_uuid": "a", "target_node_uuid": "%", "name": "IS"}"#),
        ("POST", "/graph/edges", #"{"source_node_uuid": "a", "target_node_uuid": "a", "name": "%"}"#),
        (
            "POST", "/graph/edges",
            #"{"source_node_uuid": "a", "target_node_uuid": "a", "name": "IS", "contradicts": ["%"]}"#
        ),
        (
            "POST", "/graph/edges",
            #"{"source_node_uuid": "a", "target_node_uuid": "a", "name": "IS", "episodes": ["%"]}"#
        ),
        ("POST", "/graph/episodes", #"{"content": "x", "mentions": ["%"]}"#),
        ("POST", "/graph/nodes/a/merge", #"{"uuids": ["%"]}"#),
        ("POST", "/graph/bulk", #"{"nodes": [{"uuid": "b", "name": "x"}, {"uuid": "%", "name": "x"}]}"#),
        (
            "POST", "/graph/triplets",
            #"{"source_node": {"uuid": "a", "name": "x"}, "edge": {"name": "IS"},"#
                + #" "target_node": {"uuid": "%", "name": "x"}}"#
        ),
        ("POST", "/search", #"{"query": "x", "bfs_origin_node_uuids": ["%"]}"#),
        ("POST", "/search/nodes", #"{"query": "x", "center_node_uuid": "%"}"#),
        ("POST", "/search/nodes", #"{"query": "x", "filters": {"node_labels": ["%"]}}"#),
        ("POST", "/search/edges", #"{"query": "x", "filters": {"edge_types": ["%"]}}"#),
    ]

    @Test func whatIsNotInNormalFormCIsRefused() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            #expect(try await server.send("PUT", "/graph/nodes/a", #"{"name": "a"}"#).status == 201)
            func expectRefusal(
                _ status: Int, _ method: String, _ path: String, _ body: String? = nil,
                at location: SourceLocation = #_sourceLocation
            ) async throws {
                let answer = try await server.send(method, path, body)
                let text = String(decoding: answer.body, as: UTF8.self)
                let isTold = text.contains("normal form C")
                #expect(answer.status == status && isTold, "\(path): \(text)", sourceLocation: location)
            }
            for (method, path, body) in Self.bodies {
                try await expectRefusal(422, method, path, body.replacing("%", with: Self.decomposed))
            }
            let node = #"{"name": "x"}"#
            let edge = #"{"source_node_uuid": "a", "target_node_uuid": "a", "name": "IS"}"#
            for (kind, body) in [("nodes", node), ("edges", edge), ("episodes", #"{"content": "x"}"#)] {
                try await expectRefusal(422, "PUT", "/graph/\(kind)/\(Self.path)", body)
                for method in ["GET", "DELETE"] { try await expectRefusal(422, method, "/graph/\(kind)/\(Self.path)") }
                try await expectRefusal(422, "GET", "/graph/\(kind)/\(Self.path)/history")
            }
            try await expectRefusal(422, "GET", "/graph/nodes/\(Self.path)/neighbors")
            try await expectRefusal(422, "POST", "/graph/nodes/\(Self.path)/merge", #"{"uuids": ["a"]}"#)
            try await expectRefusal(422, "PUT", "/graph/relations/\(Self.path)", "{}")
            for method in ["GET", "DELETE"] { try await expectRefusal(422, method, "/graph/relations/\(Self.path)") }
            for query in ["paths?from=a&to=\(Self.path)", "export?center=\(Self.path)"] {
                try await expectRefusal(400, "GET", "/graph/\(query)")
            }
            try await expectRefusal(400, "GET", "/graph/nodes/a/neighbors?edge_types=\(Self.path)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsInNormalFormCIsTakenEverywhere(_ engine: TestStore.Engine) async throws {
        try await KnowledgeRoutesFixture.withServer(engine) { server in
            let path = "/graph/nodes/caf%C3%A9"
            for path in [path, "/graph/nodes/a"] {
                #expect(try await server.send("PUT", path, #"{"name": "a"}"#).status == 201)
            }
            for (method, path, body) in Self.bodies where !path.hasSuffix("/merge") && !body.contains("contradicts") {
                let answer = try await server.send(method, path, body.replacing("%", with: Self.composed))
                #expect((200...201).contains(answer.status), "\(path): \(String(decoding: answer.body, as: UTF8.self))")
            }
            let around = try await server.send("GET", path + "/neighbors?edge_types=IS&ids_only=true").json()
            #expect((around["nodes"] ?? .null).elements.map { $0["uuid"]?.string } == ["a"])
            let merged = try await server.send("POST", "/graph/nodes/a/merge", #"{"uuids": ["caf\u00e9"]}"#)
            #expect(merged.status == 200)
            #expect(try await server.send("GET", path).status == 404)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aPathTakesWhatABodyTakes(_ engine: TestStore.Engine) async throws {
        try await KnowledgeRoutesFixture.withServer(engine) { server in
            for name in ["%00x", "a%01b", "a%0Ab", "%7F"] {
                let bodies = [("nodes", #"{"name": "x"}"#), ("episodes", #"{"content": "x"}"#), ("relations", "{}")]
                for (path, body) in bodies {
                    let answer = try await server.send("PUT", "/graph/\(path)/\(name)", body)
                    #expect(answer.status == 422, "\(path) \(name)")
                    let text = String(decoding: answer.body, as: UTF8.self)
                    #expect(text.contains("control characters"), "\(text)")
                }
                let id = try #require(PercentEncoding.decode(name[...]))
                let quoted = String(decoding: JSONWriter.bytes(of: JSONValue.string(id)), as: UTF8.self)
                let node = try await server.send("POST", "/graph/nodes", #"{"uuid": \#(quoted), "name": "x"}"#)
                #expect(node.status == 422, "\(quoted)")
                #expect(try await server.send("GET", "/graph/paths?from=\(name)&to=a").status == 400)
            }
        }
    }
}
