import ChangeLog
import Core
import Storage

/// A part of the log that was matched for nobody, and that no transaction says so of yet.
///
/// It is stored for the observers that it was matched by, whatever they are by then: who changes one means what comes
/// after, and must not bring back what it has turned down.
struct IdleRange: Sendable {
    /// Where the observers stood that have no position of their own.
    let start: LogPosition
    /// How far they came.
    let end: LogPosition
    /// The numbers of those observers.
    let observers: Set<Int64>

    /// Stores how far the observers came. Where that is known already, it does nothing.
    ///
    /// - throws: ``Failure`` `partition_lost`.
    func store(_ partitions: Partitions, in transaction: any WriteTransaction) throws {
        // Who changes an observer waits for this row, so nothing moves meanwhile.
        guard try ObserverProgress.locked(in: transaction).position == start else { return }
        try partitions.check([PartitionHolding.matching], in: transaction)
        try ObserverProgress.advance(to: end, in: transaction)
        // One that was paused since stands where the others stood by the tables.
        let apart = try transaction.rows(
            "SELECT number FROM observers WHERE own_position IS NOT NULL AND own_position < \(end)"
        ) { $0.integer(0) }.filter(observers.contains)
        for number in apart {
            try transaction.execute("UPDATE observers SET own_position = \(end) WHERE number = \(number)")
        }
        if !apart.isEmpty { try ObserverProgress.noteChange(in: transaction) }
    }
}
