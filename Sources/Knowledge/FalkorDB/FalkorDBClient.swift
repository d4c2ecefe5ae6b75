import Caching
import ChangeLog
import Core
import Synchronization
import Telemetry

/// Asks a FalkorDB server and its replicas.
final class FalkorDBClient: Sendable {
    /// What the names of all keys begin with.
    let prefix: String
    /// How long an answer may take.
    let patience: Duration
    let metrics: EngineMetrics
    /// How often a replica was passed over since it was late or away.
    let lateReplicas: Counter

    private let searching: RedisPool
    private let writing: RedisPool
    private let replicas: [RedisPool]
    private let turn = Atomic<Int>(0)

    /// Writing a batch may take longer than a search by so much.
    private static let writingFactor = 12
    /// How many elements all arrays of an answer have together at most: a level of a walk may be large.
    private static let replyElements = 32_000_000
    /// How many rows an answer must be able to have.
    private static let rows = 2 * Int(GraphSearch.limits.upperBound)

    /// A client of a server. It connects when it is first used.
    ///
    /// - throws: ``Failure`` `invalid_settings` when the address is of more than one server.
    init(_ url: FalkorDBURL, replicas urls: [FalkorDBURL], settings: SettingsValues, metrics: MetricsRegistry) throws {
        prefix = settings[KnowledgeSettings.falkorDBPrefix].value?.text ?? "millrace"
        let patience = Duration.milliseconds(settings[KnowledgeSettings.engineTimeout])
        self.patience = patience
        self.metrics = EngineMetrics(
            "graph_engine", of: "the graph engine", resetWhenIt: "had lost graphs or had those of another log",
            in: metrics)
        lateReplicas = metrics.counter(
            "graph_engine_late_replicas_total",
            "How often a replica of the graph engine was passed over since it was late or away."
        ).with()
        func pool(_ url: FalkorDBURL, _ connections: Int, _ depth: Int, _ time: Duration) throws -> RedisPool {
            let options = RedisPool.Options(
                connections: connections, depth: depth, silence: time, replyElements: Self.replyElements)
            guard let pool = RedisPool(url.redis, options, metrics: metrics) else {
                throw Failure(.invalid, code: "invalid_settings", "FalkorDB is named as \(FalkorDBURL.forms).")
            }
            return pool
        }
        let connections = settings[KnowledgeSettings.falkorDBConnections]
        let depth = settings[KnowledgeSettings.falkorDBPipeline]
        searching = try pool(url, connections, depth, patience)
        replicas = try urls.map { try pool($0, connections, depth, patience) }
        // One connection keeps the order.
        writing = try pool(url, 1, .max, patience * Self.writingFactor)
    }

    /// Closes all connections.
    func close() async {
        for pool in [searching, writing] + replicas { await pool.close() }
    }

    /// Where the graph of a tenant is.
    func graph(of tenant: Tenant) -> String { "\(prefix):graph:\(tenant.number)" }

    // MARK: Searching

    /// The servers that may be asked, in the order in which they are tried: the replicas take turns, and the primary is
    /// the last.
    var readers: [RedisPool] {
        guard !replicas.isEmpty else { return [searching] }
        let first = abs(turn.wrappingAdd(1, ordering: .relaxed).oldValue % replicas.count)
        return replicas[first...] + replicas[..<first] + [searching]
    }

    /// Asks something on one connection while the calling thread waits.
    func ask(_ commands: [RedisCommand], of server: RedisPool) throws -> [RESPValue] {
        do { return try server.sendWaiting(commands, within: patience) } catch { throw Failure.falkorDB(error) }
    }

    /// How long a query may take there, in milliseconds.
    var milliseconds: Int { max(1, Int(patience / .milliseconds(1))) }

    // MARK: Writing

    /// Sends commands one after the other, in one go.
    ///
    /// - returns: the answers.
    /// - throws: ``Failure`` of the first that is refused.
    @discardableResult
    func send(_ commands: [RedisCommand]) async throws -> [RESPValue] {
        try await send(commands, over: writing, within: patience * Self.writingFactor)
    }

    private func send(
        _ commands: [RedisCommand], over pool: RedisPool, within time: Duration
    ) async throws -> [RESPValue] {
        guard !commands.isEmpty else { return [] }
        let replies: [RESPValue]
        do { replies = try await pool.send(commands, within: time) } catch { throw Failure.falkorDB(error) }
        for case .error(let text) in replies { throw Failure.falkorDB(text) }
        return replies
    }

    // MARK: Its state

    /// Asks whether it is there and fit.
    ///
    /// - parameter isUrgent: whether who asks waits no longer than a search does; else as long as for writing a batch.
    /// - throws: ``Failure`` of the kind `invalid` when somebody must correct something first, else `unavailable`.
    func check(isUrgent: Bool) async throws {
        let replies = try await send(
            ["RESULTSET_SIZE", "TIMEOUT_MAX"].map { RedisCommand("graph.config", "GET", $0) } + [RedisCommand("role")],
            over: isUrgent ? searching : writing, within: isUrgent ? patience : patience * Self.writingFactor)
        let (rows, time) = (Self.setting(replies[0]), Self.setting(replies[1]))
        if let rows, rows >= 0, rows < Self.rows {
            throw Failure.falkorDBUnfit(
                "FalkorDB cuts answers off after \(rows) rows, and a search may have \(Self.rows). Set its "
                    + "RESULTSET_SIZE to -1.")
        }
        if let time, time > 0, time < milliseconds {
            throw Failure.falkorDBUnfit(
                "FalkorDB gives queries up after \(time) ms by its TIMEOUT_MAX. Set knowledge.engine_timeout to no "
                    + "more, or raise that.")
        }
        guard case .array(let role) = replies[2], role.first?.text == "master" else {
            throw Failure.falkorDBUnfit(
                "knowledge.falkordb_url names a replica, which nothing can be written to. Name the primary there, and "
                    + "replicas in knowledge.falkordb_replicas.")
        }
    }

    private static func setting(_ reply: RESPValue) -> Int? {
        guard case .array(let parts) = reply, case .integer(let value)? = parts.last else { return nil }
        return Int(clamping: value)
    }
}
