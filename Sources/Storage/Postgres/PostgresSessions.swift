public import Core
public import Telemetry

/// Connections to a PostgreSQL server for what is derived from the tables and kept there, such as an index of vectors.
///
/// Who searches on a thread that may wait gets an answer on that thread. Transactions are read committed, and what they
/// do must come to the same when it is done twice.
public final class PostgresSessions: Sendable {
    private let options: PostgresOptions
    private let pool: PostgresPool

    /// Connections that are made when they are needed.
    ///
    /// - parameters:
    ///   - limit: how many there are at most.
    ///   - settings: ``StorageSettings``.
    ///   - server: what the connections are counted under in `database_connections`.
    public init(
        _ options: PostgresOptions, limit: Int, settings: SettingsValues, metrics registry: MetricsRegistry,
        server: String
    ) {
        self.options = options
        let metrics = StorageMetrics(registry, server: server)
        var limits = PostgresPoolLimits(settings)
        (limits.minimum, limits.maximum) = (0, limit)
        pool = PostgresPool(limits: limits, metrics: metrics) {
            metrics.opened.increment()
            return try PostgresConnection(options, durations: metrics.statements)
        }
        registry.onCollect { [weak pool] in pool?.measure() }
    }

    deinit {
        // The threads hold the pool, and end by themselves when told.
        pool.close()
    }

    /// Runs statements in a transaction, and once more when the connection breaks that they were sent on.
    ///
    /// - throws: what the closure throws, or a ``Failure`` of the storage.
    public func run<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            start(body) { continuation.resume(with: $0) }
        }
    }

    /// Runs statements in a transaction while the calling thread waits: it must be one that nobody else needs.
    ///
    /// - throws: what the closure throws, ``Failure`` `statement_timeout` when it takes longer than a while, or another
    ///   one of the storage.
    public func runWaiting<T: Sendable>(
        atMost patience: Duration, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) throws -> T {
        let outcome = WaitedOutcome<T>()
        start(body) { outcome.set($0) }
        guard let result = outcome.wait(atMost: patience) else { throw Failure.statementTimeout }
        return try result.get()
    }

    /// Closes the connections. What runs is finished.
    public func close() { pool.close() }

    private func start<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T,
        then end: @escaping @Sendable (Result<T, any Error>) -> Void
    ) {
        pool.submit { [options, pool] connection in
            let (result, isBroken) = Self.once(connection, options, body)
            guard isBroken else { return end(result) }
            pool.submit { end(Self.once($0, options, body).0) }
        }
    }

    /// - returns: what came of it, and whether a connection that had been made is broken now.
    private static func once<T>(
        _ connection: Result<PostgresConnection, any Error>, _ options: PostgresOptions,
        _ body: (any WriteTransaction) throws -> T
    ) -> (Result<T, any Error>, isBroken: Bool) {
        let opened: PostgresConnection
        switch connection {
        case .success(let connection): opened = connection
        case .failure(let failure): return (.failure(failure), false)
        }
        let exchange = PostgresExchange(opened)
        do {
            for sql in options.beginning("READ COMMITTED") { try exchange.enqueue(sql) }
            let value = try body(PostgresWriteTransaction(exchange))
            try exchange.end("COMMIT")
            return (.success(value), false)
        } catch {
            exchange.undoAll()
            return (.failure(error), opened.isBroken)
        }
    }
}
