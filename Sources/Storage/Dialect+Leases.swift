public import Core

/// What leases need beside the common dialect.
extension Dialect {
    /// The clock of the database, in microseconds since the epoch, by which all instances of a server judge what has
    /// expired: so their own clocks may differ.
    ///
    /// The embedded engine runs within its only instance, whose clock is the database's too.
    ///
    /// - parameter instant: what the clock of this instance shows.
    public func now(_ instant: Timestamp) -> SQL {
        switch self {
        case .sqlite: "\(instant)"
        case .postgres: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
        }
    }
}
