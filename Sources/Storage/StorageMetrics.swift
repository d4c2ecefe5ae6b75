public import Telemetry

/// What the storage engines count.
public struct StorageMetrics: Sendable {
    let activeConnections: Gauge
    let idleConnections: Gauge
    let waiters: Gauge
    let poolWait: Histogram
    let retries: Counter
    let opened: Counter
    let statements: MetricsFamily<Histogram>
    let batchSize: Histogram
    let commitDuration: Histogram

    /// The storage metrics of a registry.
    ///
    /// - parameter server: the one whose connections are counted, as its replicas' names are.
    public init(_ registry: MetricsRegistry, server: String = "primary") {
        let connections = registry.gauge(
            "database_connections", "Connections to the database by server and state, and who waits for one.",
            labels: ["server", "state"])
        activeConnections = connections.with(server, "active")
        idleConnections = connections.with(server, "idle")
        waiters = connections.with(server, "waiting")
        retries = registry.counter(
            "database_retries_total", "Transactions that lost against others and were run again."
        ).with()
        opened = registry.counter(
            "database_connections_opened_total", "Connections to the database that were opened."
        ).with()
        poolWait = registry.histogram(
            "database_pool_wait_seconds", "How long a read waited for a free connection."
        ).with()
        statements = registry.histogram(
            "database_query_duration_seconds", "How long statements took, by their verb and table.",
            labels: ["statement"])
        batchSize = registry.histogram(
            "commit_batch_size", "How many writes shared one commit.", buckets: Histogram.counts
        ).with()
        commitDuration = registry.histogram(
            "commit_duration_seconds", "How long a commit took to reach the disk."
        ).with()
    }
}
