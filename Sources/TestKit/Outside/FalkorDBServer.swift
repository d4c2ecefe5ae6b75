import Core

/// A real FalkorDB on a free port of this machine. It ends with the last reference.
public final class FalkorDBServer: Sendable {
    /// The Redis server that it is a module of.
    public let redis: RedisServer

    /// Starts a server, and returns once it answers.
    ///
    /// - parameters:
    ///   - own: further arguments of FalkorDB, for example `["RESULTSET_SIZE", "10"]`.
    ///   - arguments: further ones of `redis-server`.
    /// - throws: ``Failure`` `program_missing` when `make engines` has not been run.
    public init(_ own: [String] = [], arguments: [String] = []) async throws {
        redis = try await Self.start(arguments, own)
    }

    /// Starts a replica of another one, and returns once it has all of it.
    public init(replicaOf primary: FalkorDBServer) async throws {
        redis = try await Self.start(["--replicaof", "127.0.0.1 \(primary.redis.port)"], [])
        try await redis.waitForLine("MASTER <-> REPLICA sync: Finished with success")
    }

    /// The server that behavioural suites share: each test has graphs of its own there, by what their names begin with.
    public static func shared() async throws -> FalkorDBServer { try await sharedServer.value }

    private static let sharedServer = Task.detached {
        let server = try await FalkorDBServer()
        try server.redis.endWithTests()
        return server
    }

    /// Its address, as a setting takes it.
    public var url: String { redis.url }

    private static func start(_ arguments: [String], _ own: [String]) async throws -> RedisServer {
        let (server, module) = try Engines.falkorDB()
        return try await RedisServer(program: server, arguments + ["--loadmodule", module] + own)
    }
}
