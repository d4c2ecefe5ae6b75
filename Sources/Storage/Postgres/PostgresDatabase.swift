public import Core
import Synchronization
public import Telemetry

/// The engine of several instances: a PostgreSQL server.
///
/// Transactions run on pooled connections. A read that asks one question goes through a pipeline, together with
/// those of others.
public final class PostgresDatabase: Database {
    public let dialect = Dialect.postgres

    private let pool: PostgresPool
    private let groupCommit: PostgresGroupCommit
    private let pipelines: [PostgresPipeline]
    private let options: PostgresOptions
    private let metrics: StorageMetrics
    private let severalQuestions = Mutex<Set<StatementText>>([])

    /// How many texts of questions are remembered as followed by others.
    private static let rememberedLimit = 4_096

    /// Connects to a server and asks it whether it is fit.
    ///
    /// - throws: ``Failure`` `storage_unreachable`, `storage_too_old`, `storage_not_durable`.
    public init(_ options: PostgresOptions, settings: SettingsValues = .defaults, metrics registry: MetricsRegistry)
        async throws
    {
        let metrics = StorageMetrics(registry)
        self.metrics = metrics
        self.options = options
        (pool, pipelines) = Self.connections(options, PostgresPoolLimits(settings), settings, metrics)
        groupCommit = PostgresGroupCommit(pool, options, settings, metrics)
        registry.onCollect { [weak self] in self?.measureConnections() }
        do {
            try await checkServer()
            try await makeSchema()
        } catch {
            await close()
            throw error
        }
    }

    /// A server that need not be there: connections are made when they are needed.
    ///
    /// - parameter check: refuses a connection by throwing.
    init(
        _ options: PostgresOptions, settings: SettingsValues, metrics: StorageMetrics,
        check: @escaping @Sendable (PostgresConnection) throws -> Void
    ) {
        self.metrics = metrics
        self.options = options
        var limits = PostgresPoolLimits(settings)
        limits.minimum = 0
        (pool, pipelines) = Self.connections(options, limits, settings, metrics, check: check)
        groupCommit = PostgresGroupCommit(pool, options, settings, metrics)
    }

    /// Brings the gauges of its connections up to date.
    func measureConnections() { pool.measure() }

    deinit {
        // The threads hold the pipelines and the pool, and end by themselves when told.
        for pipeline in pipelines { pipeline.close() }
        pool.close()
    }

    private static func connections(
        _ options: PostgresOptions, _ limits: PostgresPoolLimits, _ settings: SettingsValues, _ metrics: StorageMetrics,
        check: @escaping @Sendable (PostgresConnection) throws -> Void = { _ in }
    ) -> (PostgresPool, [PostgresPipeline]) {
        let open: @Sendable (PostgresOptions) throws -> PostgresConnection = { options in
            metrics.opened.increment()
            let connection = try PostgresConnection(options, durations: metrics.statements)
            try check(connection)
            return connection
        }
        let pool = PostgresPool(limits: limits, metrics: metrics) { try open(options) }
        let pipelines = (0..<settings[StorageSettings.pipelines]).map { _ in
            PostgresPipeline(options, queueLimit: settings[StorageSettings.readQueueLimit], open: open)
        }
        return (pool, pipelines)
    }

    /// Refuses a server that is too old for what we use, or that tells of success before a commit is on its disk.
    private func checkServer() async throws {
        try await pool.run { connection in
            try connection.run(
                """
                SELECT current_setting('server_version_num')::bigint, current_setting('fsync'),
                    current_setting('synchronous_commit'), current_setting('full_page_writes')
                """
            ).forEachRow { row in
                guard row.integer(0) >= 140_000 else {
                    throw Failure(.unavailable, code: "storage_too_old", "PostgreSQL 14 or later is needed.")
                }
                guard row.text(1) == "on", row.text(2) != "off", row.text(3) == "on" else {
                    throw Failure(
                        .unavailable, code: "storage_not_durable",
                        "The server may lose what it has committed (fsync \(row.text(1)), synchronous_commit "
                            + "\(row.text(2)), full_page_writes \(row.text(3))). Set all of them on.")
                }
                return false
            }
        }
    }

    /// Makes the schema when it is missing. Who may not make any can be given one that is there.
    private func makeSchema() async throws {
        guard options.schema != .ofServer else { return }
        _ = try await write(.readCommitted) { [dialect, name = options.schema.text] transaction in
            let isThere: SQL = "SELECT 1 FROM pg_namespace WHERE nspname = \(name)"
            if try transaction.exists(isThere) { return }
            for sql in dialect.beforeMigration { _ = try transaction.exists(sql) }
            try transaction.execute("CREATE SCHEMA IF NOT EXISTS \(SQL.name(name))")
        }
    }

    public func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        guard let pipeline = pipelines.min(by: { $0.depth < $1.depth }) else { return try await readSnapshot(body) }
        let first = SingleQuestionRead()
        // What it returns or throws counts only when it asked nothing: else it was left in the middle.
        let outcome = Result { try body(first) }
        guard let question = first.questions.first else { return try outcome.get() }
        let key = StatementText(text: question.text)
        if severalQuestions.withLock({ $0.contains(key) }) { return try await readSnapshot(body) }
        let answers = try await pipeline.ask(first.questions)
        let second = SingleQuestionRead(first.questions, answers)
        let answered = Result { try body(second) }
        guard second.asksMore else { return try answered.get() }
        severalQuestions.withLock { texts in
            if texts.count >= Self.rememberedLimit { texts = [] }
            texts.insert(key)
        }
        return try await readSnapshot(body)
    }

    /// Runs a closure on a connection of its own; and on another one when that breaks, since the server may have ended
    /// it while nobody used it.
    private func readSnapshot<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T {
        do {
            return try await readOnce(body)
        } catch is ConnectionBroken {
            do { return try await readOnce(body) } catch let broken as ConnectionBroken { throw broken.failure }
        }
    }

    /// A connection broke that had been made.
    private struct ConnectionBroken: Error {
        let failure: any Error
    }

    private func readOnce<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T {
        try await pool.run { [options] connection in
            let exchange = PostgresExchange(connection)
            do {
                for sql in options.beginning("REPEATABLE READ READ ONLY") { try exchange.enqueue(sql) }
                let value = try body(PostgresReadTransaction(exchange))
                try exchange.end("COMMIT")
                return value
            } catch {
                exchange.undoAll()
                throw connection.isBroken ? ConnectionBroken(failure: error) : error
            }
        }
    }

    public func readAtOnce<T: Sendable>(
        within _: Duration, _: (any ReadTransaction) throws -> T
    ) throws -> T? { nil }

    public func write<T: Sendable>(
        _ isolation: Isolation, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        if isolation == .groupCommit {
            do { return try await groupCommit.write(body) } catch is PostgresGroupCommit.Undone {}
        }
        return try await pool.run { [options, metrics] connection in
            try PostgresWriting(options, metrics).run(isolation, body, on: connection)
        }
    }

    public func notifications(on channel: String) -> AsyncStream<Void> {
        guard options.isSession else { return AsyncStream { $0.finish() } }
        return PostgresListener(channel) { [options, metrics] in
            metrics.opened.increment()
            return try PostgresConnection(options, durations: metrics.statements)
        }.stream()
    }

    public func close() async {
        for pipeline in pipelines { pipeline.close() }
        pool.close()
    }
}
