import Storage
import Telemetry
import TestKit
import Testing

/// Several servers on one PostgreSQL.
struct Cluster: Sendable {
    let server: PostgresServer
    let url: String
    /// What stands between each server and PostgreSQL, where a test wants it.
    let networks: [NetworkProxy]
    var shops: [Shop] = []
    private let directory: TemporaryDirectory

    /// - parameters:
    ///   - settings: settings of every server, as name=value.
    ///   - hasNetworks: whether each server has a network of its own to PostgreSQL.
    init(count: Int = 2, settings: [String] = [], hasNetworks: Bool = false) async throws {
        let server = try PostgresServer()
        self.server = server
        url = try server.makeDatabase()
        directory = try TemporaryDirectory()
        networks = try hasNetworks ? (0..<count).map { _ in try NetworkProxy(to: server.port) } : []
        for index in 0..<count { shops.append(try await start(index, settings)) }
    }

    /// The same servers, whose database is on another server of PostgreSQL now.
    init(moved cluster: Cluster, to server: PostgresServer) {
        self.server = server
        url = server.url(cluster.name)
        directory = cluster.directory
        networks = cluster.networks
        shops = cluster.shops
    }

    /// How the database is called.
    var name: String { url.split(separator: "/").last.map(String.init) ?? "" }

    /// Starts a server on the data directory of this number.
    ///
    /// - parameter database: where its data is; nil is what all have.
    func start(
        _ index: Int, _ settings: [String] = [], database: String? = nil, environment: [String: String] = [:]
    ) async throws -> Shop {
        let port = networks.isEmpty ? server.port : networks[index].port
        let database = database ?? url.replacing(":\(server.port)/", with: ":\(port)/")
        return try await Shop(
            data: directory.file("data\(index)"), settings: settings, database: database, environment: environment)
    }

    func stop() async {
        for shop in shops { #expect(await shop.process.stop() == 0, "\(shop.process.log)") }
    }

    /// Looks into the database beside the servers.
    func withDatabase(_ body: (any Database) async throws -> Void) async throws {
        try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry()).use(body)
    }

    /// How many sessions of PostgreSQL fit a condition on `pg_stat_activity`.
    func sessions(_ condition: String) throws -> Int {
        let count = try server.execute("SELECT count(*) FROM pg_stat_activity WHERE \(condition)")
        return try #require(Int(count.filter(\.isNumber)))
    }

    /// Lets six clients write, on one server after the other in turn.
    ///
    /// - parameters:
    ///   - times: how often each writes; nil is until the closure returns.
    ///   - meanwhile: what happens in the meantime.
    func storms(
        _ round: Int, _ seed: UInt64, times: Int? = nil, meanwhile: @escaping @Sendable () async throws -> Void
    ) async throws -> [WriteStorm] {
        let isOver = StopFlag()
        return try await withThrowingTaskGroup(of: (client: Int, storm: WriteStorm)?.self) { group in
            for client in 0..<6 {
                let shop = shops[client % shops.count]
                group.addTask {
                    var storm = WriteStorm(name: "r\(round)-c\(client)", seed: seed &+ UInt64(client))
                    await storm.run(on: shop, times: times ?? .max) { times != nil || !isOver.isRaised }
                    return (client, storm)
                }
            }
            group.addTask {
                defer { isOver.raise() }
                try await meanwhile()
                return nil
            }
            var storms: [Int: WriteStorm] = [:]
            for try await ended in group { if let ended { storms[ended.client] = ended.storm } }
            return storms.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
