import Caching
import Core
import Telemetry
import TestKit
import Testing

/// Several connections to a real server.
@Suite(.timeLimit(.minutes(5))) struct RedisPoolTests {
    private func pool(_ server: RedisServer, connections: Int = 1, depth: Int = 16) throws -> RedisPool {
        let options = RedisPool.Options(
            connections: connections, depth: depth, silence: .seconds(60), replyElements: 1_000)
        return try #require(RedisPool(RedisURL(server.url), options, metrics: MetricsRegistry()))
    }

    /// How many connections have sent a command last.
    private func count(_ command: String, _ server: RedisServer) async throws -> Int {
        try await server.run("client", "list").count { $0.contains("cmd=\(command)") }
    }

    private func append(_ text: String) -> RedisCommand { RedisCommand("append", "key", text) }

    @Test func commandsKeepTheirOrderWhateverTheDepth() async throws {
        for depth in [1, 3, 1_000] {
            let server = try await RedisServer()
            let pool = try pool(server, depth: depth)
            let letters = (0..<200).map { String(UnicodeScalar(UInt8(97 + $0 % 26))) }
            let replies = try await pool.send(letters.map(append), within: .seconds(5))
            #expect(replies == (1...200).map { .integer($0) })
            let text = try await pool.send([RedisCommand("get", "key")], within: .seconds(5)).first?.text
            #expect(text == letters.joined())
            await pool.close()
        }
    }

    @Test func anErrorIsAnAnswerLikeOthers() async throws {
        let server = try await RedisServer()
        let pool = try pool(server)
        let replies = try await pool.send(
            [append("a"), RedisCommand("lpush", "key", "x"), append("b")], within: .seconds(5))
        guard case .error(let text) = replies[1] else {
            Issue.record("\(replies)")
            return
        }
        #expect(text.hasPrefix("WRONGTYPE") && replies[0] == .integer(1) && replies[2] == .integer(2))
        await pool.close()
    }

    /// A command that blocks holds up those behind it on its connection, and nobody else.
    @Test func theConnectionWithTheLeastToDoIsTaken() async throws {
        let server = try await RedisServer()
        let pool = try pool(server, connections: 3)
        let blocked = (0..<2).map { number in
            Task { try await pool.send([RedisCommand("blpop", "none \(number)", "30")], within: .seconds(60)) }
        }
        try await wait { try await count("blpop", server) == 2 }
        for _ in 0..<20 { _ = try await pool.send([append("a")], within: .seconds(5)) }
        #expect(try await count("append", server) == 1)
        for number in 0..<2 {
            _ = try await pool.send([RedisCommand("rpush", "none \(number)", "x")], within: .seconds(5))
        }
        for task in blocked { _ = try await task.value }
        await pool.close()
    }

    /// With a depth of one the second is not sent before the first is answered, and ends in time all the same.
    @Test func aCallEndsInTimeAlsoWhereItWaitsForItsTurn() async throws {
        let server = try await RedisServer()
        let pool = try pool(server, depth: 1)
        let blocked = Task { try await pool.send([RedisCommand("blpop", "none", "30")], within: .seconds(60)) }
        try await wait { try await count("blpop", server) == 1 }
        let start = ContinuousClock.now
        let hasty = (0..<4).map { _ in Task { try await pool.send([append("x")], within: .milliseconds(300)) } }
        for call in hasty {
            let code = await #expect(throws: Failure.self) { try await call.value }?.code
            #expect(code == "redis_timeout")
        }
        #expect(ContinuousClock.now - start < .seconds(3))
        _ = try await server.run("rpush", "none", "x")
        _ = try await blocked.value
        let key = try await pool.send([RedisCommand("get", "key")], within: .seconds(5))
        #expect(key == [.null], "those that were given up while they waited are not sent")
        await pool.close()
    }

    @Test func aServerThatIsGoneIsLeftAloneAndFoundAgain() async throws {
        let server = try await RedisServer()
        let pool = try pool(server)
        _ = try await pool.send([append("a")], within: .seconds(5))
        await server.kill()
        var codes: Set<String> = []
        try await wait {
            do { _ = try await pool.send([append("a")], within: .seconds(1)) } catch {
                codes.insert((error as? Failure)?.code ?? "")
            }
            return codes.contains("redis_circuit_open")
        }
        #expect(codes.isSubset(of: ["redis_unavailable", "redis_circuit_open"]))
        try await server.restart()
        try await wait { (try? await pool.send([append("a")], within: .seconds(1))) == [.integer(1)] }
        await pool.close()
        let closed = await #expect(throws: Failure.self) { try await pool.send([append("a")], within: .seconds(1)) }
        #expect(closed?.code == "redis_closed")
    }

    @Test func onlyOneServerIsAPool() throws {
        let options = RedisPool.Options(connections: 1, depth: 1, silence: .seconds(1), replyElements: 10)
        let urls = ["redis+cluster://a:1,b:2", "redis+sentinel://a:1/shop"]
        for url in urls { #expect(RedisPool(try RedisURL(url), options, metrics: MetricsRegistry()) == nil) }
    }
}
