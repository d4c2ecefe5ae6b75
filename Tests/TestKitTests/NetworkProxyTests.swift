import Core
import TestKit
import Testing

/// The network of the tests, before a real Redis.
@Suite(.timeLimit(.minutes(5))) struct NetworkProxyTests {
    private static let ping = "PING\r\n"

    private let redis: RedisServer
    private let proxy: NetworkProxy

    init() async throws {
        redis = try await RedisServer()
        proxy = try NetworkProxy(to: redis.port)
    }

    /// Asks the server and returns how long the answer took.
    private static func roundTrip(_ connection: RawConnection) async throws -> Duration {
        let start = ContinuousClock.now
        try await connection.send(ping)
        #expect(try await connection.line() == "+PONG")
        return ContinuousClock.now - start
    }

    @Test func anOpenNetworkPassesEverythingOn() async throws {
        let connection = try RawConnection(port: proxy.port)
        _ = try await Self.roundTrip(connection)
        let long = String(repeating: "x", count: 300_000)
        try await connection.send("*2\r\n$4\r\nECHO\r\n$300000\r\n\(long)\r\n")
        #expect(try await connection.line() == "$300000")
        #expect(try await connection.line() == long)
        // A client that has said everything still gets its answer.
        try await connection.send("QUIT\r\n")
        connection.closeOutput()
        #expect(try await connection.rest() == "+OK\r\n")
    }

    @Test func aSlowLinkDelaysEachWayAndKeepsTheOrder() async throws {
        let connection = try RawConnection(port: proxy.port)
        proxy.set(.delayed(.milliseconds(40)))
        #expect(try await Self.roundTrip(connection) >= .milliseconds(80))
        // What is sent together travels together.
        let start = ContinuousClock.now
        for number in 1...20 { try await connection.send("ECHO \(number)\r\n") }
        for number in 1...20 {
            #expect(try await connection.line() == "$\(String(number).count)")
            #expect(try await connection.line() == "\(number)")
        }
        let time = ContinuousClock.now - start
        #expect(time >= .milliseconds(80) && time < .milliseconds(800))
        proxy.set(.open)
        #expect(try await Self.roundTrip(connection) < .milliseconds(80))
    }

    @Test func aPartitionPassesNothingOnUntilItHeals() async throws {
        let connection = try RawConnection(port: proxy.port)
        _ = try await Self.roundTrip(connection)
        proxy.set(.partitioned)
        let late = try RawConnection(port: proxy.port)
        for connection in [connection, late] { try await connection.send("INCR count\r\n") }
        let healed = ContinuousClock.now + .milliseconds(300)
        while ContinuousClock.now < healed { #expect(try await redis.run("get", "count") == [""]) }
        proxy.set(.open)
        var answers: Set<String> = []
        for connection in [connection, late] { answers.insert(try await connection.line()) }
        #expect(answers == [":1", ":2"])
    }

    @Test func aCutNetworkResetsAndRefuses() async throws {
        let connection = try RawConnection(port: proxy.port)
        _ = try await Self.roundTrip(connection)
        proxy.set(.cut)
        #expect(try await connection.rest() == "")
        #expect(throws: Failure.self) { try RawConnection(port: proxy.port) }
        proxy.set(.open)
        _ = try await Self.roundTrip(try RawConnection(port: proxy.port))
    }

    @Test func whoConnectsWhileTheServerIsGoneIsReset() async throws {
        await redis.kill()
        #expect(try await RawConnection(port: proxy.port).rest() == "")
    }
}
