import Core
import Synchronization
import TestKit
import Testing

/// Real servers whose vectors an engine beside them finds.
@Suite struct VectorEngineTests {
    private func run(_ server: MemoryServer, again: Bool = false) async throws {
        if !again {
            let made = try await server.send(
                "PUT", "/collections/songs", "{\"vectors\":{\"size\":3,\"distance\":\"Cosine\"}}")
            #expect(made.status == 200, "\(made.text)")
        }
        let points = (1...40).map { "{\"id\":\($0),\"vector\":[\($0),\(40 - $0),1],\"payload\":{\"n\":\($0)}}" }
        let written = try await server.send(
            "PUT", "/collections/songs/points?wait=true", "{\"points\":[\(points.joined(separator: ","))]}")
        #expect(written.status == 200, "\(written.text)")
        // Many at once, so that more wait than there are processors.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...40 {
                group.addTask {
                    let found = try await server.post(
                        "/collections/songs/points/query",
                        "{\"query\":[\(number),\(40 - number),1],\"limit\":3,\"with_payload\":true}")
                    guard case .object(let result) = found["result"], case .array(let hits) = result["points"],
                        case .object(let first) = hits.first
                    else {
                        Issue.record("\(found)")
                        return
                    }
                    #expect(hits.count == 3 && first["id"] == .integer(Int64(number)))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func searchesGoToPgvectorAndReadyTellsOfIt() async throws {
        let engine = try PostgresServer(isInMemory: true, build: .pgvector)
        let url = try engine.makeDatabase()
        let server = try await MemoryServer([
            "memories.engine": "pgvector", "memories.pgvector_url": "\(url)", "memories.engine_searches": "3",
        ])
        try await run(server)
        let ready = try await server.send("GET", "/ready")
        #expect(ready.status == 200 && ready.text.contains("\"vector_engine\""), "\(ready.text)")
        try engine.stop()
        let away = try await server.send("GET", "/ready")
        #expect(away.status == 503 && away.text.contains("vector_engine_unavailable"), "\(away.text)")
        let refused = try await server.send(
            "POST", "/collections/songs/points/query", "{\"query\":[1,2,3]}")
        #expect(refused.status == 503, "\(refused.text)")
        let read = try await server.send("GET", "/collections/songs/points/7")
        #expect(read.status == 200, "\(read.text)")
        try engine.start()
        try await server.process.waitUntilReady()
        try await run(server, again: true)
        let metrics = try await server.send("GET", "/metrics").text
        #expect(metrics.contains("vector_engine_seconds_count{operation=\"search\"}"))
        let connections = metrics.split(separator: "\n").filter {
            $0.hasPrefix("database_connections{server=\"vectors_search\"")
        }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        #expect(connections.count == 3 && (1...3).contains(connections.reduce(0, +)), "\(connections)")
        #expect(await server.process.stop() == 0)
    }

    /// What does not need the engine is answered while searches wait for it.
    @Test func anEngineThatStandsStillHoldsUpNothingElse() async throws {
        let engine = try PostgresServer(isInMemory: true, build: .pgvector)
        let server = try await MemoryServer([
            "memories.engine": "pgvector", "memories.pgvector_url": "\(try engine.makeDatabase())",
            "memories.engine_timeout": "4000", "memories.engine_searches": "8",
        ])
        try await run(server)
        try engine.stall()
        let searching = Searching(count: 8)
        let searches = Task { try await searching.run(on: server) }
        var slowest = Duration.zero
        while searching.isGoingOn {
            let start = ContinuousClock.now
            let counted = try await server.post("/collections/songs/points/count", "{}")
            #expect(counted["result"] == .object(JSONObject([.init("count", .integer(40))])))
            slowest = max(slowest, ContinuousClock.now - start)
        }
        try await searches.value
        try engine.resume()
        #expect(slowest < .seconds(2), "\(slowest)")
        #expect(await server.process.stop() == 0)
    }

    /// The engine is a second server of ours.
    @Test func searchesGoToAServerWithTheAPIOfQdrant() async throws {
        let engine = try await MemoryServer()
        let server = try await MemoryServer([
            "memories.engine": "qdrant", "memories.qdrant_url": "\(engine.process.address)",
            "memories.qdrant_api_key": "\(engine.process.adminKey ?? "")", "memories.engine_searches": "2",
        ])
        try await run(server)
        let kept = try await engine.send("GET", "/collections")
        #expect(kept.text.contains("vector_sets") && kept.text.contains("vectors_"), "\(kept.text)")
        await engine.process.kill()
        let away = try await server.send("GET", "/ready")
        #expect(away.status == 503 && away.text.contains("vector_engine_unavailable"), "\(away.text)")
        #expect(await server.process.stop() == 0)
    }

    /// With the data on a server that has the extension, one setting is enough.
    @Test func theServerOfTheDataIsTakenWhereNoneIsNamed() async throws {
        let url = try await PostgresServer.sharedWithVectors().makeDatabase()
        let server = try await MemoryServer([
            "storage.url": "\(url)", "storage.schema": "shop", "memories.engine": "pgvector",
        ])
        try await run(server)
        #expect(await server.process.stop() == 0)
    }

    @Test func aServerDoesNotStartWithoutTheExtension() async throws {
        let url = try await PostgresServer.shared().makeDatabase()
        await #expect {
            _ = try await MemoryServer(["memories.engine": "pgvector", "memories.pgvector_url": "\(url)"])
        } throws: { error in
            "\(error)".contains("CREATE EXTENSION vector")
        }
        await #expect {
            _ = try await MemoryServer(["memories.engine": "pgvector"])
        } throws: { error in
            "\(error)".contains("memories.pgvector_url")
        }
    }
}

/// Searches that are all sent at once, to an engine that does not answer.
private final class Searching: Sendable {
    private let count: Int
    private let waiting: Atomic<Int>

    init(count: Int) {
        self.count = count
        waiting = Atomic(count)
    }

    var isGoingOn: Bool { waiting.load(ordering: .acquiring) > 0 }

    func run(on server: MemoryServer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask { [self] in
                    defer { waiting.wrappingSubtract(1, ordering: .releasing) }
                    let answer = try await server.send(
                        "POST", "/collections/songs/points/query", "{\"query\":[1,2,3]}")
                    #expect(answer.status == 503, "\(answer.text)")
                }
            }
            try await group.waitForAll()
        }
    }
}
