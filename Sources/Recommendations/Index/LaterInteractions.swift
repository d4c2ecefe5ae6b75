import ChangeLog
import Core
import Storage
import Synchronization

/// The interactions that were written after a position: who reads them in a table, and takes up the changes after the
/// position later, would count them twice.
final class LaterInteractions: Sendable {
    private struct State {
        /// The changes up to there were looked at, and no more can come there.
        var position: LogPosition
        var found: Set<Identifier> = []
    }

    private let tenant: Tenant?
    private let state: Mutex<State>

    /// - parameter tenant: only of this tenant; nil is of all.
    init(after position: LogPosition, of tenant: Tenant? = nil) {
        self.tenant = tenant
        state = Mutex(State(position: position))
    }

    /// Those that a snapshot has.
    ///
    /// - parameter head: up to there the log was settled before the snapshot was taken.
    func find(settled head: LogPosition, in transaction: any ReadTransaction) throws -> Set<Identifier> {
        let end = try ChangeLog.last(in: transaction)
        var (start, found) = state.withLock { ($0.position, $0.found) }
        while start < end {
            let batch = try ChangeLog.batch(
                after: start, upTo: end, limit: ChangeLog.batchLimits.upperBound, types: [Interaction.entityType],
                of: tenant, in: transaction)
            found.formUnion(batch.changes.map(\.entity))
            start = batch.upTo
        }
        state.withLock { $0 = State(position: max($0.position, min(head, end)), found: found) }
        return found
    }
}
