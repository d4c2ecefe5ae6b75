public import Core
public import Storage

/// A position of the change log together with what stands there, so that it is not taken for that of another log: a
/// database that was restored from a backup gives its later positions to other changes.
public struct LogMark: Sendable, Equatable {
    /// The position.
    public let position: LogPosition
    /// What tells the last change up to there from every other one; empty where there is none.
    public let change: String

    /// A mark that was noted earlier.
    public init(_ position: LogPosition, _ change: String) { (self.position, self.change) = (position, change) }

    /// The mark of a position in a log.
    public init(_ position: LogPosition, in transaction: any ReadTransaction) throws {
        self.position = position
        change =
            try transaction.first(
                """
                SELECT position, changed_at, entity_id FROM changes WHERE position <= \(position)
                ORDER BY position DESC LIMIT 1
                """
            ) { "\($0.integer(0)) \($0.integer(1)) \(try $0.identifier(2))" } ?? ""
    }
}
