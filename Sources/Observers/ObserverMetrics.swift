import Core
import Telemetry

/// What is counted of observers. The names are those that operators of the guide's system look for.
struct ObserverMetrics: Sendable {
    /// Changes that were matched.
    let processed: Counter
    /// How many changes were matched and stored together with their position.
    let batchSize: Histogram
    let batchDuration: Histogram
    /// Changes that are not matched yet.
    let backlog: Gauge
    /// How long the oldest of them has waited.
    let lag: Gauge
    let deadLetters: Gauge
    /// Deliveries that are neither done nor given up.
    let pending: Gauge
    /// Observers that keep their place and do nothing.
    let paused: Gauge
    let alerts: MetricsFamily<Counter>
    let actionDuration: MetricsFamily<Histogram>
    let executed: MetricsFamily<Counter>
    let failed: MetricsFamily<Counter>
    let attempts: MetricsFamily<Counter>
    /// How many deliveries one read of the ledger took into memory.
    let deliveriesRead: Histogram
    let cacheHits: Counter
    let cacheMisses: Counter

    /// Upper bounds in seconds from a millisecond to a minute.
    private static let seconds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    init(_ registry: MetricsRegistry) {
        processed = registry.counter(
            "observer_events_processed_total", "Changes that were matched against the observers."
        ).with()
        batchSize = registry.histogram(
            "checkpoint_batch_size", "How many changes were matched and stored with their position at once.",
            buckets: Histogram.counts
        ).with()
        batchDuration = registry.histogram(
            "checkpoint_duration_seconds", "How long storing a batch of matched changes with its position took."
        ).with()
        backlog = registry.gauge("observer_backlog_changes", "Changes that are not matched yet.").with()
        lag = registry.gauge("observer_lag_seconds", "How long the oldest change has waited to be matched.").with()
        deadLetters = registry.gauge("observer_dead_letters", "Deliveries that could not be made and are kept.").with()
        pending = registry.gauge("observer_pending_deliveries", "Deliveries that are neither done nor given up.").with()
        paused = registry.gauge("observer_paused", "Observers that are paused.").with()
        alerts = registry.counter(
            "observer_alerts_total", "Deliveries that could not be made, of observers whose on_failure is alert.",
            labels: ["observer"])
        actionDuration = registry.histogram(
            "observer_action_duration_seconds", "How long an attempt of an action took.", labels: ["action"],
            buckets: Self.seconds)
        executed = registry.counter(
            "observer_actions_executed_total", "Attempts of actions that succeeded.", labels: ["action"])
        failed = registry.counter(
            "observer_actions_failed_total", "Attempts of actions that failed.", labels: ["action", "reason"])
        attempts = registry.counter(
            "observer_delivery_attempts_total", "Attempts of actions, by the number of the attempt.",
            labels: ["action", "attempt"])
        deliveriesRead = registry.histogram(
            "observer_read_deliveries", "How many deliveries of an action one read of the ledger took into memory.",
            buckets: Histogram.counts
        ).with()
        let hits = registry.counter(
            "observer_cache_hits_total", "Lookups of observers that the cache answered."
        ).with()
        let misses = registry.counter(
            "observer_cache_misses_total", "Lookups of observers that the database answered."
        ).with()
        cacheHits = hits
        cacheMisses = misses
        let rate = registry.gauge(
            "observer_cache_hit_rate", "The share of lookups of observers that the cache answered."
        ).with()
        registry.onCollect {
            let all = hits.value + misses.value
            rate.set(all == 0 ? 0 : Double(hits.value) / Double(all))
        }
    }

    /// Shows how many destinations are left alone.
    func watch(_ destinations: Destinations, _ registry: MetricsRegistry) {
        let open = registry.gauge(
            "observer_destinations_open", "Destinations that this instance leaves alone, because they fail."
        ).with()
        registry.onCollect { open.set(Double(destinations.openCount)) }
    }

    /// Counts an attempt.
    ///
    /// - parameter duration: how long it took; nil where it was not made, because its event could not be asked about.
    func note(_ type: ActionType, attempt: Int, failure: DeliveryFailure?, took duration: Duration?) {
        if let duration { actionDuration.with(type.rawValue).observe(duration) }
        attempts.with(type.rawValue, attempt > 3 ? "4+" : "\(attempt)").increment()
        if let failure {
            failed.with(type.rawValue, failure.reason).increment()
        } else {
            executed.with(type.rawValue).increment()
        }
    }

    /// Counts first attempts of an action that succeeded together.
    ///
    /// - parameter durations: how long each took.
    func noteDone(_ type: ActionType, took durations: [Duration]) {
        guard !durations.isEmpty else { return }
        let histogram = actionDuration.with(type.rawValue)
        for duration in durations { histogram.observe(duration) }
        attempts.with(type.rawValue, "1").increment(by: durations.count)
        executed.with(type.rawValue).increment(by: durations.count)
    }
}
