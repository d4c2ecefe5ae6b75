import Core
import TestKit
import Testing

/// However large a graph is, what is answered has an end, and says where.
@Suite(.timeLimit(.minutes(5))) struct GraphBoundTests {
    /// A server with a clique: each of so many nodes has an edge to each that comes later.
    private static func withClique(_ size: Int, _ body: (LiveServer) async throws -> Void) async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            let names = (0..<size).map { "n\($0)" }
            let nodes = names.map { #"{"uuid":"\#($0)","name":"tea"}"# }
            let edges = names.indices.flatMap { left in
                names[(left + 1)...].map { right in
                    let left = names[left]
                    let ends = #""source_node_uuid":"\#(left)","target_node_uuid":"\#(right)""#
                    return "{\"uuid\":\"\(left)-\(right)\",\(ends),\"name\":\"IS\"}"
                }
            }
            for (member, rows) in [("nodes", nodes), ("edges", edges)] {
                let body = "{\"\(member)\":[\(rows.joined(separator: ","))]}"
                #expect(try await server.send("POST", "/graph/bulk", body).status == 200)
            }
            try await body(server)
        }
    }

    /// How many elements a member of an answer has, and whether it says that there are more.
    private static func count(
        _ path: String, _ member: String, _ more: String, _ server: LiveServer
    ) async throws -> [JSONValue] {
        let answer = try await server.send("GET", path)
        #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        let json = try answer.json()
        return [.integer(Int64((json[member] ?? .null).elements.count)), json[more] ?? .null]
    }

    @Test func neighborsComeWithSoManyEdges() async throws {
        // 1,225 edges between all of them.
        try await Self.withClique(50) { server in
            func edges(_ query: String) async throws -> [JSONValue] {
                try await Self.count("/graph/nodes/n0/neighbors?\(query)", "edges", "has_more_edges", server)
            }
            #expect(try await edges("limit=100") == [.integer(1_000), .bool(true)])
            #expect(try await edges("limit=100&edges_limit=2000") == [.integer(1_225), .bool(false)])
            #expect(try await edges("limit=100&edges_limit=1225&ids_only=true") == [.integer(1_225), .bool(false)])
            #expect(try await edges("limit=100&edges_limit=1224&ids_only=true") == [.integer(1_224), .bool(true)])
            #expect(try await edges("edges=false") == [.integer(0), .bool(false)])
            let first = try await server.send("GET", "/graph/nodes/n0/neighbors?edges_limit=2&ids_only=true").json()
            #expect(first["edges"]?.elements == [.string("n0-n1"), .string("n0-n10")], "the first by their ids")
            #expect(try await server.send("GET", "/graph/nodes/n0/neighbors?edges_limit=100001").status == 400)
        }
    }

    @Test func aHistoryComesWithSoManyFacts() async throws {
        try await Self.withClique(50) { server in
            func facts(_ query: String) async throws -> [JSONValue] {
                try await Self.count("/graph/nodes/n0/history?\(query)", "facts", "has_more_facts", server)
            }
            #expect(try await facts("limit=1") == [.integer(49), .bool(false)])
            #expect(try await facts("limit=1&facts_limit=49") == [.integer(49), .bool(false)])
            #expect(try await facts("limit=1&facts_limit=48") == [.integer(48), .bool(true)])
            #expect(try await facts("facts_limit=0") == [.integer(0), .bool(true)])
            let edge = try await server.send("GET", "/graph/edges/n0-n1/history").json()
            #expect(edge["has_more_facts"] == nil)
        }
    }

    @Test func aLargeCommunityHidesNoOther() async throws {
        try await Self.withClique(60) { server in
            // Longer, so every one of the clique comes before it.
            let nodes = ["x", "y"].map { #"{"uuid":"\#($0)","name":"tea in the afternoon with a little milk"}"# }
            let edge = #"{"source_node_uuid":"x","target_node_uuid":"y","name":"IS"}"#
            let lone = (0..<30).map { #"{"uuid":"l\#($0)","name":"tea"}"# }
            let body = "{\"nodes\":[\((nodes + lone).joined(separator: ","))],\"edges\":[\(edge)]}"
            #expect(try await server.send("POST", "/graph/bulk", body).status == 200)
            try await wait {
                let listed = try await server.send("GET", "/graph/communities").json()
                return (listed["communities"] ?? .null).elements.map { $0["uuid"]?.string }
                    == ["community:n0", "community:x"]
            }
            for methods in [#"["fulltext"]"#, #"["fulltext","bfs"]"#] {
                let search = #"{"query":"tea","limit":2,"config":{"search_methods":\#(methods)}}"#
                let answer = try await server.send("POST", "/search/communities", search).json()
                let found = (answer["communities"] ?? .null).elements
                #expect(found.map { $0["uuid"]?.string } == ["community:n0", "community:x"], "\(methods)")
                #expect(found.last?["best_member"]?.string == "x")
            }
        }
    }

    @Test func oneTripletBesideAListIsRefused() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            func triplet(_ id: String) -> String {
                let node = "{\"uuid\":\"\(id)\",\"name\":\"x\"}"
                return #""source_node":\#(node),"edge":{"name":"IS"},"target_node":\#(node)"#
            }
            for body in [
                #"{\#(triplet("one")),"triplets":[{\#(triplet("two"))}]}"#,
                #"{"triplets":[{\#(triplet("two"))}],\#(triplet("one"))}"#, #"{"triplets":[],\#(triplet("one"))}"#,
            ] {
                let answer = try await server.send("POST", "/graph/triplets", body)
                #expect(answer.status == 422, "\(String(decoding: answer.body, as: UTF8.self))")
            }
            for id in ["one", "two"] { #expect(try await server.send("GET", "/graph/nodes/\(id)").status == 404) }
        }
    }

    @Test func nodesThatAreMissingAreCounted() async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            let rest = " Write nodes before what refers to them."
            func missing(_ ids: String...) async throws -> String {
                let mentions = ids.map { "\"\($0)\"" }.joined(separator: ",")
                let answer = try await server.send(
                    "POST", "/graph/episodes", #"{"content":"x","mentions":[\#(mentions)]}"#)
                #expect(answer.status == 409)
                return try answer.json()["detail"]?.string ?? ""
            }
            let told = [try await missing("a"), try await missing("a", "b"), try await missing("a", "b", "c")]
            #expect(told == ["a", "a, nor 1 other", "a, nor 2 others"].map { "There is no node \($0)." + rest })
        }
    }
}
