public import Core
public import Storage

/// A part of the log that somebody asked for, and how far they may go on from it.
public struct ChangeBatch: Sendable {
    /// The changes that were asked for, by ascending position.
    public let changes: [Change]
    /// Nothing that was asked for stands at or before this position and after the changes: go on from here.
    public let upTo: LogPosition
}

extension ChangeLog {
    /// How many changes one call returns.
    public static let batchLimits = 1...1_000
    /// How many rows of the log one call looks at, so that a rare type does not cost a walk over the whole log.
    public static let scanLimit: Int64 = 20_000
    /// How many entity types one call filters by at most.
    public static let typeLimit = 32

    /// The changes after a position, oldest first, with all that was written here before.
    ///
    /// - parameters:
    ///   - limit: how many at most, within ``batchLimits``.
    ///   - types: only changes of entities of these types; nil for every type.
    ///   - tenant: only changes of this tenant; nil for every tenant.
    /// - throws: ``Failure`` `invalid_request` when a limit is not held, `position_expired` when changes after the
    ///   position have been deleted by retention.
    public func changes(
        after position: LogPosition, limit: Int, types: Set<String>? = nil, of tenant: Tenant? = nil
    ) async throws -> [Change] {
        try await waitUntilSettled(atMost: .seconds(30))
        let head = head
        return try await database.read { transaction in
            var changes: [Change] = []
            var position = position
            repeat {
                let batch = try Self.batch(
                    after: position, upTo: head, limit: limit - changes.count, types: types, of: tenant,
                    in: transaction)
                changes += batch.changes
                position = batch.upTo
            } while position < head && changes.count < limit
            return changes
        }
    }

    /// The changes after a position that stand within the next ``scanLimit`` rows, and where to go on: for whoever
    /// reads the log part by part. See ``changes(after:limit:types:of:)`` for the other parameters.
    ///
    /// - parameter head: ``head`` as it was before the snapshot was taken. The log is not read beyond it.
    public static func batch(
        after position: LogPosition, upTo head: LogPosition, limit: Int, types: Set<String>? = nil,
        of tenant: Tenant? = nil, in transaction: any ReadTransaction
    ) throws -> ChangeBatch {
        try check(limit: limit, types: types)
        return try read(after: position, upTo: head, limit: limit, types: types, of: tenant, in: transaction)
    }

    /// The same for a follower, which may take more at once than a call returns.
    static func read(
        after position: LogPosition, upTo head: LogPosition, limit: Int, types: Set<String>?,
        of tenant: Tenant? = nil, in transaction: any ReadTransaction
    ) throws -> ChangeBatch {
        let floor = try start(in: transaction)
        if position > .start, position < floor { throw expired(position, floor) }
        let start = max(position.value, floor.value)
        // A position that a client made up may be the greatest number there is: nothing is added to it.
        let end = LogPosition(head.value - start > Self.scanLimit ? start + Self.scanLimit : head.value)
        var query: SQL = """
            SELECT \(columns) FROM changes WHERE position > \(start) AND position <= \(end)
            """
        if let tenant { query += " AND tenant = \(tenant)" }
        if let types { query += " AND entity_type IN (\(list: types.sorted()))" }
        query += " ORDER BY position LIMIT \(limit)"
        let changes = try transaction.rows(query, Change.init)
        let reached = changes.count == limit ? changes.last?.position : nil
        return ChangeBatch(changes: changes, upTo: max(position, reached ?? end))
    }

    /// The changes at some positions, as far as the log still has them.
    ///
    /// - parameter places: the positions, each with the time of its change, by which a partitioned log finds it.
    public static func changes(
        at places: [(position: LogPosition, time: Timestamp)], in transaction: any ReadTransaction
    ) throws -> [LogPosition: Change] {
        var found: [LogPosition: Change] = [:]
        for start in stride(from: 0, to: places.count, by: 256) {
            let part = places[start..<min(start + 256, places.count)]
            let times = part.map(\.time.microseconds)
            guard let first = times.min(), let last = times.max() else { continue }
            let changes = try transaction.rows(
                """
                SELECT \(columns) FROM changes WHERE position = \(each: part.map(\.position))
                    AND changed_at >= \(first) AND changed_at <= \(last)
                """, Change.init)
            for change in changes { found[change.position] = change }
        }
        return found
    }

    /// A position after which nothing has been written yet, to a transaction that changes something: whatever is
    /// written by a transaction that begins later stands after it.
    public static func end(in transaction: any WriteTransaction) throws -> LogPosition {
        guard transaction.isRemote else { return try last(in: transaction) }
        return try transaction.first(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM change_positions"
        ) { $0.position(0) } ?? .start
    }

    /// The columns of a row of `changes`, in the order in which it is read.
    private static let columns: SQL = """
        position, tenant, entity_type, entity_id, operation, after_image, before_image, changed_fields, actor, \
        request_id, traceparent, changed_at
        """

    /// Every change after this position is still there.
    public static func start(in transaction: any ReadTransaction) throws -> LogPosition {
        try transaction.first("SELECT position FROM change_log_start") { $0.position(0) } ?? .start
    }

    /// The position of the latest change of a snapshot.
    public static func last(in transaction: any ReadTransaction) throws -> LogPosition {
        try transaction.first("SELECT position FROM changes ORDER BY position DESC LIMIT 1") { $0.position(0) }
            ?? .start
    }

    private static func check(limit: Int, types: Set<String>?) throws {
        guard batchLimits.contains(limit) else {
            throw Failure.invalid(
                at: "?limit", "must be from \(batchLimits.lowerBound) to \(batchLimits.upperBound)")
        }
        guard (types?.count ?? 0) <= typeLimit else {
            throw Failure.invalid(at: "?types", "names more than \(typeLimit) types")
        }
    }

    private static func expired(_ position: LogPosition, _ start: LogPosition) -> Failure {
        Failure(
            .conflict, code: "position_expired",
            "The changes right after position \(position) have been deleted; the log goes back to position \(start). "
                + "Read the things anew, then go on from there; change_log.retention_age keeps changes longer.",
            details: [.init("oldest_position", .integer(start.value + 1))])
    }
}

extension Change {
    /// A row of `changes`, its columns in the order of the table.
    fileprivate init(_ row: Row) throws {
        self.init(
            position: row.position(0), tenant: Tenant(row.integer(1)), entityType: row.text(2),
            entity: try row.identifier(3), operation: try row.choice(4, Operation.self),
            after: row.optionalBytes(5), before: row.optionalBytes(6),
            changedFields: ChangedFields.names(in: row.text(7)), actor: row.text(8),
            requestID: row.optionalText(9), traceparent: row.optionalText(10), time: row.timestamp(11))
    }
}
