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

    /// The changes after a position, oldest first.
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
        try await database.read {
            try Self.changes(after: position, limit: limit, types: types, of: tenant, in: $0)
        }
    }

    /// The changes after a position, oldest first, on a snapshot. See ``changes(after:limit:types:of:)``.
    public static func changes(
        after position: LogPosition, limit: Int, types: Set<String>? = nil, of tenant: Tenant? = nil,
        in transaction: any ReadTransaction
    ) throws -> [Change] {
        var changes: [Change] = []
        var position = position
        let last = try last(in: transaction)
        while changes.count < limit || changes.isEmpty {
            let batch = try batch(
                after: position, limit: limit - changes.count, types: types, of: tenant, in: transaction)
            changes += batch.changes
            position = batch.upTo
            if position >= last { break }
        }
        return changes
    }

    /// The changes after a position that stand within the next ``scanLimit`` rows, and where to go on: for whoever
    /// reads the log part by part. See ``changes(after:limit:types:of:)`` for the parameters.
    public static func batch(
        after position: LogPosition, limit: Int, types: Set<String>? = nil, of tenant: Tenant? = nil,
        in transaction: any ReadTransaction
    ) throws -> ChangeBatch {
        try check(limit: limit, types: types)
        let oldest = try oldest(in: transaction)
        if position > .start, let oldest, position.value < oldest.value - 1 { throw expired(position, oldest) }
        let last = try last(in: transaction)
        let start = max(position.value, (oldest?.value ?? 1) - 1)
        // A position that a client made up may be the greatest number there is: nothing is added to it.
        let end = LogPosition(last.value - start > Self.scanLimit ? start + Self.scanLimit : last.value)
        var query: SQL = """
            SELECT position, tenant, entity_type, entity_id, operation, after_image, before_image, changed_fields,
            actor,
                request_id, traceparent, changed_at
            FROM changes WHERE position > \(start) AND position <= \(end)
            """
        if let tenant { query += " AND tenant = \(tenant)" }
        if let types { query += " AND entity_type IN (\(list: types.sorted()))" }
        query += " ORDER BY position LIMIT \(limit)"
        let changes = try transaction.rows(query, Change.init)
        let reached = changes.count == limit ? changes.last?.position : nil
        return ChangeBatch(changes: changes, upTo: max(position, reached ?? end))
    }

    /// The position of the oldest change that is still there, or nil while there is none.
    public static func oldest(in transaction: any ReadTransaction) throws -> LogPosition? {
        try transaction.first("SELECT position FROM changes ORDER BY position LIMIT 1") { $0.position(0) }
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

    private static func expired(_ position: LogPosition, _ oldest: LogPosition) -> Failure {
        Failure(
            .conflict, code: "position_expired",
            "The changes right after position \(position) have been deleted; the oldest that is left has position "
                + "\(oldest). Read the things anew, then go on from there; change_log.retention_age keeps changes "
                + "longer.",
            details: [.init("oldest_position", .integer(oldest.value))])
    }
}

extension Change {
    /// A row of `changes`, its columns in the order of the table.
    fileprivate init(_ row: Row) throws {
        self.init(
            position: row.position(0), tenant: Tenant(row.integer(1)), entityType: row.text(2),
            entity: try row.identifier(3), operation: try row.choice(4, Operation.self),
            after: row.optionalBytes(5), before: row.optionalBytes(6),
            changedFields: row.text(7).split(separator: ",").map(String.init), actor: row.text(8),
            requestID: row.optionalText(9), traceparent: row.optionalText(10), time: row.timestamp(11))
    }
}
