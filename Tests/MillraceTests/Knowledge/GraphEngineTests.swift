import Core
import TestKit
import Testing

/// Real servers whose graphs are in FalkorDB.
@Suite struct GraphEngineTests {
    private func settings(_ engine: FalkorDBServer) -> [String: String] {
        ["knowledge.engine": "falkordb", "knowledge.falkordb_url": engine.url, "knowledge.dimensions": "3"]
    }

    private func write(_ server: MemoryServer) async throws {
        for name in ["Ada", "Charles", "London"] {
            let made = try await server.send("PUT", "/graph/nodes/\(name)", "{\"name\":\"\(name)\"}")
            #expect(made.status < 300, "\(made.text)")
        }
        let edges = [("e1", "Ada", "Charles", "Ada met Charles"), ("e2", "Ada", "London", "Ada lives in London")]
        for (id, from, to, fact) in edges {
            let made = try await server.send(
                "PUT", "/graph/edges/\(id)",
                """
                {"name":"KNOWS","source_node_uuid":"\(from)","target_node_uuid":"\(to)","fact":"\(fact)",
                "embedding":[1,0,0]}
                """)
            #expect(made.status < 300, "\(made.text)")
        }
    }

    /// The ids under a member of an answer, in their order.
    private func ids(_ answer: RawConnection.Response, _ member: String) throws -> [String] {
        guard case .object(let object) = try JSONParser.parse(Array(answer.text.utf8)),
            case .array(let elements) = object[member]
        else { return ["\(answer.status) \(answer.text)"] }
        return elements.compactMap { element in
            guard case .object(let object) = element, case .string(let id) = object["uuid"] else { return nil }
            return id
        }
    }

    @Test func searchesGoToFalkorDBAndReadyTellsOfIt() async throws {
        let engine = try await FalkorDBServer()
        let server = try await MemoryServer(settings(engine))
        try await write(server)
        let found = try await server.send(
            "POST", "/search/edges", "{\"query\":\"london\",\"query_vector\":[1,0,0]}")
        #expect(try ids(found, "edges") == ["e2", "e1"])
        let around = try await server.send("GET", "/graph/nodes/Ada/neighbors?depth=1")
        #expect(try ids(around, "nodes") == ["Charles", "London"] && ids(around, "edges") == ["e1", "e2"])
        let paths = try await server.send("GET", "/graph/paths?from=Charles&to=London")
        #expect(paths.text.contains("\"length\":2"), "\(paths.text)")
        let ready = try await server.send("GET", "/ready")
        #expect(ready.status == 200 && ready.text.contains("\"graph_engine\""), "\(ready.text)")

        await engine.redis.kill()
        let away = try await server.send("GET", "/ready")
        #expect(away.status == 503 && away.text.contains("graph_engine_unavailable"), "\(away.text)")
        let refused = try await server.send("POST", "/search", "{\"query\":\"london\"}")
        #expect(refused.status == 503, "\(refused.text)")
        let read = try await server.send("GET", "/graph/edges/e2")
        #expect(read.status == 200, "\(read.text)")

        try await engine.redis.restart()
        try await server.process.waitUntilReady()
        var again = try await server.send("POST", "/search/edges", "{\"query\":\"london\"}")
        try await wait {
            again = try await server.send("POST", "/search/edges", "{\"query\":\"london\"}")
            return again.status == 200
        }
        #expect(try ids(again, "edges") == ["e2"])
        // A node goes with its edges, which are asked of the engine.
        #expect(try await server.send("DELETE", "/graph/nodes/London").status == 204)
        #expect(try await server.send("GET", "/graph/edges/e2").status == 404)
        let metrics = try await server.send("GET", "/metrics").text
        #expect(metrics.contains("graph_engine_seconds_count{operation=\"search\"}"))
        #expect(metrics.contains("graph_engine_resets_total 1"))
        #expect(await server.process.stop() == 0)
    }

    @Test func whileFalkorDBStandsStillWritesGoOnAndReadyTellsOfIt() async throws {
        let engine = try await FalkorDBServer()
        let times = ["knowledge.engine_timeout": "500", "api.position_wait": "1500"]
        let server = try await MemoryServer(settings(engine).merging(times) { $1 })
        try await write(server)
        engine.redis.stall()
        let start = ContinuousClock.now
        let refused = try await server.send("POST", "/search/edges", #"{"query":"london"}"#)
        #expect(refused.status == 503 && refused.code == "graph_engine_unavailable", "\(refused.text)")
        #expect(refused.headers["retry-after"] == "1")
        let ready = try await server.send("GET", "/ready")
        #expect(ready.status == 503 && ready.text.contains("graph_engine_unavailable"), "\(ready.text)")
        #expect(ContinuousClock.now - start < .seconds(5), "nobody waits for longer than it may take")
        for number in 0..<5 {
            // It is written, and only whether it is found cannot be told.
            let late = try await server.send("PUT", "/graph/nodes/late\(number)", #"{"name":"late"}"#)
            #expect(late.status == 503 && late.code == "written_not_visible", "\(late.text)")
            #expect(late.headers["retry-after"] == nil)
            #expect(try await server.send("GET", "/graph/nodes/late\(number)").status == 200)
        }
        engine.redis.resume()
        try await server.process.waitUntilReady()
        var found = try await server.send("POST", "/search/nodes", #"{"query":"late"}"#)
        try await wait {
            found = try await server.send("POST", "/search/nodes", #"{"query":"late"}"#)
            return try found.status == 200 && ids(found, "nodes").count == 5
        }
        #expect(try ids(found, "nodes") == (0..<5).map { "late\($0)" })
        #expect(try await server.send("GET", "/metrics").text.contains("graph_engine_resets_total 0"))
        #expect(await server.process.stop() == 0)
    }

    @Test func communitiesAreFoundOutWhenTheyAreAskedFor() async throws {
        let engine = try await FalkorDBServer()
        let server = try await MemoryServer(settings(engine))
        try await write(server)
        let listed = try await server.send("GET", "/graph/communities")
        #expect(try ids(listed, "communities") == ["community:Ada"], "\(listed.text)")
        let single = try await server.send("GET", "/graph/communities/community:Ada")
        #expect(single.json["member_count"] == .integer(3))
        let found = try await server.send("POST", "/search/communities", #"{"query":"london"}"#)
        #expect(try ids(found, "communities") == ["community:Ada"], "\(found.text)")
        // An answer of a moment before is not kept until the graph changes once more.
        let edge = #"{"name":"KNOWS","source_node_uuid":"Eve","target_node_uuid":"Ada"}"#
        for (path, body) in [("nodes/Eve", #"{"name":"Eve"}"#), ("edges/e3", edge)] {
            #expect(try await server.send("PUT", "/graph/\(path)", body).status == 201)
        }
        try await wait {
            let late = try await server.send("POST", "/search/communities", #"{"query":"eve"}"#)
            return try ids(late, "communities") == ["community:Ada"]
        }
        let everything = try await server.send("POST", "/search", #"{"query":"london"}"#)
        #expect(try ids(everything, "communities") == [] && ids(everything, "nodes") == ["London"])
        #expect(await server.process.stop() == 0)
    }

    @Test func capabilitiesTellWhatTheEngineHas() async throws {
        func graphs(_ settings: [String: String]) async throws -> JSONValue? {
            let server = try await MemoryServer(settings)
            let told = try await server.send("GET", "/capabilities").json["graphs"]
            #expect(await server.process.stop() == 0)
            return told
        }
        let embedded = try await graphs(["knowledge.dimensions": "5"])
        #expect(embedded?["engine"] == .string("embedded") && embedded?["vector_dimension"] == .integer(5))
        #expect(embedded?["known_at"] == .bool(true) && embedded?["communities"] == .bool(true))
        #expect(embedded?["embedding"] == .bool(false) && embedded?["cross_encoder"] == .bool(false))
        let models = ["embedding.url": "http://127.0.0.1:9/v1", "knowledge.reranker.url": "http://127.0.0.1:9/v1"]
        let engine = try await FalkorDBServer()
        let falkorDB = try await graphs(settings(engine).merging(models) { $1 })
        #expect(falkorDB?["engine"] == .string("falkordb") && falkorDB?["known_at"] == .bool(true))
        #expect(falkorDB?["communities"] == .bool(true) && falkorDB?["vector_dimension"] == .integer(3))
        #expect(falkorDB?["embedding"] == .bool(true) && falkorDB?["cross_encoder"] == .bool(true))
        let without = try await graphs(models.merging(["knowledge.embedding": "false"]) { $1 })
        #expect(without?["embedding"] == .bool(false))
    }

    @Test func whatIsNotFitKeepsTheServerFromStarting() async throws {
        let plain = try await RedisServer()
        await #expect {
            _ = try await MemoryServer(["knowledge.engine": "falkordb", "knowledge.falkordb_url": plain.url])
        } throws: { error in
            "\(error)".contains("has no FalkorDB")
        }
        await #expect {
            _ = try await MemoryServer(["knowledge.engine": "falkordb"])
        } throws: { error in
            "\(error)".contains("knowledge.falkordb_url")
        }
    }
}
