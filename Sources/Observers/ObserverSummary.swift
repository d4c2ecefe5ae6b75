import ChangeLog
import Core
public import Storage

/// How observers are by what the tables say, of all tenants: for gauges, and for whoever looks at a database without a
/// server that runs.
public struct ObserverSummary: Sendable {
    /// How many observers are in each status.
    public let counts: [Observer.Status: Int]
    /// How many positions of the log the one that is farthest behind has yet to match; those count that nobody watches.
    /// What is paused or disabled waits for nothing. Who was killed has stored less than it matched
    /// (``MatchingService/storeDistance``).
    public let backlog: Int64
    /// Deliveries that are neither done nor given up.
    public let pendingDeliveries: Int64
    /// Deliveries that could not be made and are kept.
    public let deadLetters: Int64

    /// Reads the tables.
    public init(in transaction: any ReadTransaction) throws {
        let progress = try ObserverProgress.position(in: transaction)
        let observers = try transaction.rows("SELECT enabled, paused, own_position FROM observers") { row in
            let own = row.isNull(2) ? nil : row.position(2)
            return (status: Observer.status(isEnabled: row.bool(0), isPaused: row.bool(1), own), own ?? progress)
        }
        counts = Dictionary(observers.map { ($0.status, 1) }, uniquingKeysWith: +)
        let places = observers.filter { [.active, .catchingUp].contains($0.status) }.map(\.1)
        let last = try ChangeLog.last(in: transaction)
        backlog = places.min().map { max(0, last.value - $0.value) } ?? 0
        // Two queries, because the indexes have the ones or the others.
        pendingDeliveries =
            try Self.count("SELECT COUNT(*) FROM deliveries WHERE state = 0", in: transaction)
            + Self.count("SELECT COUNT(*) FROM deliveries WHERE state IN (1, 2)", in: transaction)
        deadLetters = try Self.count("SELECT COUNT(*) FROM dead_letters WHERE retried = 0", in: transaction)
    }

    private static func count(_ query: SQL, in transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(query) { $0.integer(0) } ?? 0
    }
}
