import Caching
public import Core
public import Storage

/// A transaction that knows on whose behalf it works and appends to the change log what it does (DESIGN.md, invariant
/// 1).
///
/// The roles' methods take a unit of work, so several of them, and the memory of an idempotent request, take effect
/// together. It is valid only within the closure of ``ChangeLog/write(_:_:)``.
public final class UnitOfWork {
    /// The transaction that it works in.
    public let transaction: any WriteTransaction
    /// On whose behalf it works.
    public let context: ChangeContext
    /// The time of everything that it does.
    public let now: Timestamp
    /// The position of its latest change that is written, or nil while there is none.
    public private(set) var position: LogPosition?
    /// What it updated or deleted. What it inserted nobody can have read before.
    private(set) var updated: [EntityCache.Key] = []
    private let identifiers: IdentifierGenerator
    /// The rows of changes that are recorded and not written yet: one statement writes many of them.
    private var pending: [SQL] = []

    /// How many changes one statement writes at most.
    private static let rowsAtOnce = 32

    init(
        _ transaction: any WriteTransaction, _ context: ChangeContext, now: Timestamp, identifiers: IdentifierGenerator
    ) {
        self.transaction = transaction
        self.context = context
        self.now = now
        self.identifiers = identifiers
    }

    /// Whose data it is.
    public var tenant: Tenant { context.tenant }

    /// A new identifier, greater than every one before it.
    public func makeIdentifier() -> Identifier { identifiers.next(at: now) }

    /// Appends the insertion of a thing.
    ///
    /// - parameter after: the thing as JSON.
    public func recordInsert(_ entityType: String, _ entity: Identifier, after: [UInt8]) throws {
        try append(entityType, entity, .insert, before: nil, after: after, changedFields: [])
    }

    /// Appends the update of a thing. The names of the members that differ are found by comparing the two.
    public func recordUpdate(_ entityType: String, _ entity: Identifier, before: [UInt8], after: [UInt8]) throws {
        let changed = try JSONDifference.changedMembers(before, after)
        try append(entityType, entity, .update, before: before, after: after, changedFields: changed)
    }

    /// Appends the update of a thing whose differing members the caller knows, which saves comparing the two.
    public func recordUpdate(
        _ entityType: String, _ entity: Identifier, before: [UInt8], after: [UInt8], changed: [String]
    ) throws {
        try append(entityType, entity, .update, before: before, after: after, changedFields: changed)
    }

    /// Appends the deletion of a thing.
    public func recordDelete(_ entityType: String, _ entity: Identifier, before: [UInt8]) throws {
        try append(entityType, entity, .delete, before: before, after: nil, changedFields: [])
    }

    private func append(
        _ entityType: String, _ entity: Identifier, _ operation: Operation, before: [UInt8]?, after: [UInt8]?,
        changedFields: [String]
    ) throws {
        pending.append(
            """
            (\(tenant), \(entityType), \(entity), \(operation.rawValue), \(after.map(SQLValue.utf8)), \
            \(before.map(SQLValue.utf8)), \(changedFields.joined(separator: ",")), \(context.actor), \
            \(context.requestID), \(context.traceparent), \(now))
            """)
        if operation != .insert { updated.append(EntityCache.Key(tenant, entityType, entity)) }
        if pending.count == Self.rowsAtOnce { try flush() }
    }

    /// Writes the changes that were recorded since the last time, in their order, by one statement.
    func flush() throws {
        guard let first = pending.first else { return }
        var insert: SQL = """
            INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, before_image, changed_fields,
                actor, request_id, traceparent, changed_at)
            VALUES \(first)
            """
        for row in pending.dropFirst() { insert += ", \(row)" }
        insert += " RETURNING position"
        pending.removeAll(keepingCapacity: true)
        try transaction.forEachRow(insert) { row in
            position = max(position ?? .start, row.position(0))
            return true
        }
    }
}
