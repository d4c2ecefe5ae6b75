import Foundation

/// A real primary with a replica and three Sentinels that watch them, on free ports of this machine.
public final class RedisSentinels: Sendable {
    /// The primary at the start.
    public let primary: RedisServer
    /// Its replica, which takes its place.
    public let replica: RedisServer
    private let sentinels: [LoggedProcess]
    private let ports: [Int]
    private let directory: TemporaryDirectory

    /// Starts them, and returns once the Sentinels know each other and the replica.
    ///
    /// - throws: ``Failure`` `program_missing` when Redis is not installed.
    public init() async throws {
        primary = try await RedisServer()
        replica = try await RedisServer(["--replicaof", "127.0.0.1 \(primary.port)"])
        try await replica.waitForLine("MASTER <-> REPLICA sync: Finished with success")
        directory = try TemporaryDirectory()
        var sentinels: [LoggedProcess] = []
        var ports: [Int] = []
        for number in 1...3 {
            let own = directory.file("s\(number)")
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            let port = try FreePort.find()
            let text = """
                port \(port)
                bind 127.0.0.1
                dir \(own)
                sentinel monitor shop 127.0.0.1 \(primary.port) 2
                sentinel down-after-milliseconds shop 1000
                sentinel failover-timeout shop 3000

                """
            try text.write(toFile: "\(own)/sentinel.conf", atomically: true, encoding: .utf8)
            sentinels.append(try LoggedProcess("redis-sentinel", ["\(own)/sentinel.conf"], in: own))
            ports.append(port)
        }
        self.sentinels = sentinels
        self.ports = ports
        for sentinel in sentinels {
            try await sentinel.waitForLine("+slave slave")
            try await sentinel.waitForLine("+sentinel sentinel", count: 2)
        }
    }

    /// Their address, as a setting takes it.
    public var url: String {
        "redis+sentinel://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") + "/shop"
    }

    /// Asks a Sentinel to make the replica the primary, while both go on.
    public func failOver() async throws {
        _ = try await RedisServer.client(
            ["-p", String(ports[0]), "sentinel", "failover", "shop"], in: directory.path)
    }

    /// Returns once the old primary, which goes on, is a replica of the new one.
    public func waitForDemotion() async throws {
        try await primary.waitForLine("REPLICAOF 127.0.0.1:\(replica.port) enabled")
    }

    /// Returns once a Sentinel says that the replica has become the primary.
    public func waitForFailover() async throws {
        try await sentinels[0].waitForLine("+switch-master shop 127.0.0.1 \(primary.port) 127.0.0.1 \(replica.port)")
    }
}
