import ChangeLog
import Core
import Knowledge
import Storage
import TestKit
import Testing

/// Searches of graphs are answered from the cache until the graph changes, and never with the graph of somebody else.
@Suite(.timeLimit(.minutes(5))) struct CachedSearchTests {
    private static let stored = "millrace; fwd=uri-miss; stored"
    private static let memory = "millrace; hit; detail=memory"

    /// What a search was answered, and where that came from.
    private struct Found: Equatable {
        let status: String?
        let ids: [String]

        init(_ status: String?, _ ids: [String]) { (self.status, self.ids) = (status, ids) }
    }

    private static func run(
        _ engine: TestStore.Engine, _ body: @escaping @Sendable (LiveServer) async throws -> Void
    ) async throws {
        let store = try await TestStore(engine, schemas: LiveServer.schemas + [KnowledgeSchema.schema])
        let knowledge = try KnowledgeRoutesFixture(store)
        try await LiveServer.run(store, routes: knowledge.routes) { server in
            try await knowledge.run { try await body(server) }
        }
    }

    private static func search(_ server: LiveServer, _ body: String, path: String = "/search/nodes") async throws
        -> Found
    {
        // Where others write too, an answer is kept once the log is settled.
        _ = try await server.store.settledHead()
        let answer = try await server.send("POST", path, body)
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        let nodes = try answer.json()["nodes"]?.elements ?? []
        return Found(answer.headers["cache-status"], nodes.compactMap(Self.id))
    }

    private static func id(_ node: JSONValue) -> String? {
        if case .string(let id)? = node["uuid"] { id } else { nil }
    }

    private static func put(_ server: LiveServer, _ id: String, _ name: String) async throws {
        let answer = try await server.send("PUT", "/graph/nodes/\(id)", #"{"name": "\#(name)"}"#)
        #expect([200, 201].contains(answer.status))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aSearchIsKeptUntilTheGraphChanges(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { server in
            try await Self.put(server, "a", "apple")
            let body = #"{"query": "apple", "config": {"limit": 5, "reranker": "rrf"}}"#
            #expect(try await Self.search(server, body) == Found(Self.stored, ["a"]))
            #expect(try await Self.search(server, body) == Found(Self.memory, ["a"]))
            // The same, written otherwise; and others.
            let same = #"{ "config":{"reranker":"rrf","limit":5},"query":"\u0061pple"}"#
            #expect(try await Self.search(server, same) == Found(Self.memory, ["a"]))
            #expect(try await Self.search(server, #"{"query": "Apple"}"#).status == Self.stored)
            #expect(try await Self.search(server, #"{"query": "apple"}"#, path: "/search").status == Self.stored)
            try await Self.put(server, "b", "apple")
            #expect(try await Self.search(server, body) == Found(Self.stored, ["a", "b"]))
            #expect(try await server.send("DELETE", "/graph/nodes/a").status == 204)
            #expect(try await Self.search(server, body).ids == ["b"])
        }
    }

    @Test func whatIsWrongIsToldEachTime() async throws {
        try await Self.run(.sqlite) { server in
            var statuses: [Int] = []
            for body in [#"{"query": "#, #"{"query": "#, "{}", "{}"] {
                statuses.append(try await server.send("POST", "/search", body).status)
            }
            #expect(statuses == [400, 400, 422, 422])
            #expect(try await server.send("POST", "/search").status == 400)
        }
    }

    /// Everybody asks while the graph changes, and nobody is answered with less than was acknowledged before.
    @Test(arguments: TestStore.Engine.allCases)
    func nobodyIsGivenAnOlderAnswer(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 1...4 {
                    group.addTask {
                        for number in 1...15 {
                            let id = "\(writer)-\(number)"
                            try await Self.put(server, id, "pear")
                            let answer = try await server.send(
                                "POST", "/search/nodes", #"{"query": "pear", "limit": 100}"#)
                            let nodes = try answer.json()["nodes"]?.elements ?? []
                            #expect(nodes.contains { Self.id($0) == id }, "\(id)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
