import Foundation
import Synchronization
import Telemetry

/// What is counted of a primary and its replicas, by host and port.
struct ReplicaMetrics: Sendable {
    private let primaryReads: Counter
    private let replicaReads: [Counter]

    init(_ names: [String], _ registry: MetricsRegistry, _ rotation: RotationLock) {
        let reads = registry.counter("database_reads_total", "Reads by the server that answered.", labels: ["server"])
        primaryReads = reads.with("primary")
        replicaReads = names.map { reads.with($0) }
        let lags = registry.gauge(
            "replica_lag_seconds", "For how long a change has been settled that a replica lacks.", labels: ["replica"])
        let states = registry.gauge(
            "replica_state", "Whether a replica takes its turn: 1, or 0 while it lags or is away.", labels: ["replica"])
        let gauges = names.map { (lag: lags.with($0), state: states.with($0)) }
        registry.onCollect { [weak rotation] in
            guard let rotation else { return }
            for (index, gauge) in gauges.enumerated() {
                let (lag, state) = rotation.value.withLock { ($0.lag(of: index, now: .now), $0.state(of: index)) }
                gauge.lag.set(lag / .seconds(1))
                gauge.state.set(state == .healthy ? 1 : 0)
            }
        }
    }

    /// The reads that a server has answered.
    func reads(_ server: ReplicaRotation.Server) -> Counter {
        switch server {
        case .primary: primaryReads
        case .replica(let index): replicaReads[index]
        }
    }

    /// What replicas are called: never with who logs in there.
    static func names(of addresses: [String]) -> [String] {
        addresses.enumerated().map { name(of: $1, at: $0) }
    }

    private static func name(of address: String, at index: Int) -> String {
        guard let parts = URLComponents(string: address), let host = parts.host, !host.isEmpty else {
            return "replica \(index + 1)"
        }
        return "\(host):\(parts.port ?? 5_432)"
    }
}
