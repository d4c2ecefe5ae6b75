/// A real cluster of three Redis servers on free ports of this machine, without replicas.
public final class RedisCluster: Sendable {
    /// The servers.
    public let servers: [RedisServer]

    /// Starts a cluster, and returns once all of its slots are served.
    ///
    /// - throws: ``Failure`` `program_missing` when Redis is not installed.
    public init() async throws {
        var servers: [RedisServer] = []
        for _ in 1...3 {
            servers.append(
                try await RedisServer([
                    "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
                ]))
        }
        self.servers = servers
        let directory = try TemporaryDirectory()
        let addresses = servers.map { "127.0.0.1:\($0.port)" }
        _ = try await RedisServer.client(
            ["--cluster", "create"] + addresses + ["--cluster-replicas", "0", "--cluster-yes"], in: directory.path)
        for server in servers { try await server.waitForLine("Cluster state changed: ok") }
    }

    /// Its address, as a setting takes it: that of two of its servers.
    public var url: String {
        "redis+cluster://" + servers.prefix(2).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }
}
