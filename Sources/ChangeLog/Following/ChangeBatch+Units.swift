import Core
import Storage

extension ChangeBatch {
    /// The batch with the rest of what its units of work changed, so that whoever looks at what was made of it sees all
    /// of a unit or nothing.
    ///
    /// Beyond the head it goes on as long as no position is missing: what others may still commit can only stand at one
    /// that is. So on PostgreSQL a unit may be divided only where another one, which is not committed yet, has taken a
    /// position among its own.
    ///
    /// - parameters:
    ///   - head: up to there the log is settled.
    ///   - types: only changes of entities of these types are added; nil for every type.
    func withWholeUnits(
        beyond head: LogPosition, types: Set<String>?, in transaction: any ReadTransaction
    ) throws -> ChangeBatch {
        guard !changes.isEmpty else { return self }
        var (whole, end, limit) = (changes, upTo, Self.firstLook)
        var units = Set(changes.map(ChangeUnit.init))
        while true {
            let next = try ChangeLog.batch(after: end, upTo: LogPosition(.max), limit: limit, in: transaction).changes
            var (last, taken) = (end, 0)
            for (place, change) in next.enumerated() {
                guard change.position <= head || change.position.value == last.value + 1 else { break }
                last = change.position
                guard units.contains(ChangeUnit(change)) else { continue }
                units.formUnion(next[taken...place].map(ChangeUnit.init))
                taken = place + 1
            }
            let added = next.prefix(taken)
            whole += added.filter { types?.contains($0.entityType) ?? true }
            end = added.last?.position ?? end
            guard taken == limit else { return ChangeBatch(changes: whole, upTo: end) }
            limit = ChangeLog.batchLimits.upperBound
        }
    }

    /// How many changes are looked at first. Mostly nothing stands there that belongs to the batch.
    private static let firstLook = 64
}

/// What tells a unit of work from others: who did it, for which request and when.
private struct ChangeUnit: Hashable {
    private let tenant: Tenant
    private let time: Timestamp
    private let actor: String
    private let request: String?

    init(_ change: Change) {
        (tenant, time, actor, request) = (change.tenant, change.time, change.actor, change.requestID)
    }
}
