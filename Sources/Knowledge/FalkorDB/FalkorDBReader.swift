import Caching
import Core
import Telemetry

/// What one search asks of the graph of a tenant: all of it of the same server, which has everything that was told to
/// be found.
///
/// A server that was restarted, or a replica that is late, would answer with less than that, and nobody would know. So
/// the first question is how far it is, on the same connection and without waiting for the answer.
final class FalkorDBReader {
    private let client: FalkorDBClient
    private let tenant: Tenant
    private let wanted: LogPosition
    private let register: GraphRegister
    private var server: RedisPool?

    /// - parameter wanted: what the graph must have.
    init(_ client: FalkorDBClient, _ tenant: Tenant, atLeast wanted: LogPosition) {
        self.client = client
        self.tenant = tenant
        self.wanted = wanted
        register = GraphRegister(client.prefix)
    }

    /// Asks some queries, in one go.
    ///
    /// - throws: ``Failure`` `graph_engine_unavailable`, and `graph_engine_behind` when no server is as far as it must
    ///   be.
    func ask(_ queries: CypherQuery...) throws -> [CypherReply] { try ask(queries) }

    /// Asks some queries, in one go.
    func ask(_ queries: [CypherQuery]) throws -> [CypherReply] {
        guard !queries.isEmpty else { return [] }
        let graph = client.graph(of: tenant)
        let commands = queries.map { $0.reading(graph, milliseconds: client.milliseconds) }
        return try client.metrics.measure(.search) {
            if let server { return try client.ask(commands, of: server).map { try CypherReply($0) } }
            return try first(commands)
        }
    }

    /// Finds a server that is far enough.
    private func first(_ commands: [RedisCommand]) throws -> [CypherReply] {
        let servers = client.readers
        for server in servers.dropLast() {
            if let replies = try? first(commands, of: server) { return replies }
            client.lateReplicas.increment()
        }
        guard let primary = servers.last else { return [] }
        return try first(commands, of: primary)
    }

    private func first(_ commands: [RedisCommand], of server: RedisPool) throws -> [CypherReply] {
        let replies = try client.ask([register.asking(for: tenant)] + commands, of: server)
        guard let position = try GraphRegister.position(replies.first), position >= wanted else {
            throw Failure.graphEngineBehind
        }
        let answers = try replies.dropFirst().map { try CypherReply($0) }
        self.server = server
        return answers
    }
}
