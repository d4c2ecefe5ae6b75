import Caching
public import Core
public import Storage
import Synchronization

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
    /// The position of its latest change, which is known once the work is committed.
    let last = LastPosition()
    /// Whether it has changed anything.
    private(set) var hasChanges = false
    /// What it updated or deleted. What it inserted nobody can have read before.
    private(set) var updated: [EntityCache.Key] = []
    /// The types of the entities that it has changed.
    private(set) var entityTypes: [String] = []
    private let identifiers: IdentifierGenerator
    /// The rows of changes that are recorded and not written yet: one statement writes many of them.
    private var pending: [SQLValue] = []
    private var pendingCount = 0
    /// The thing that was recorded last, and its image.
    private var latest: (entity: Identifier, image: [UInt8])?

    private static let insertion = Insertion(
        into: "changes",
        """
        tenant, entity_type, entity_id, operation, after_image, before_image, changed_fields, actor, request_id, \
        traceparent, changed_at
        """)

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

    /// Appends that something happened to a thing, or around it, that no table shows. The thing need not exist, and
    /// what is read of it stays as it is.
    ///
    /// - parameter data: what there is to tell, a JSON object. It is the ``Change/after`` of the change.
    public func recordCustom(_ entityType: String, _ entity: Identifier, data: [UInt8]) throws {
        try append(entityType, entity, .custom, before: nil, after: data, changedFields: [])
    }

    private func append(
        _ entityType: String, _ entity: Identifier, _ operation: Operation, before: [UInt8]?, after: [UInt8]?,
        changedFields: [String]
    ) throws {
        if pending.isEmpty { pending.reserveCapacity(Self.usualValueCount) }
        pending += [
            tenant.sqlValue, .text(entityType), .identifier(entity), .text(operation.rawValue),
            after.map(SQLValue.utf8).sqlValue, before.map(SQLValue.utf8).sqlValue,
            .text(ChangedFields.text(changedFields)), .text(context.actor), context.requestID.sqlValue,
            context.traceparent.sqlValue, now.sqlValue,
        ]
        pendingCount += 1
        if !entityTypes.contains(entityType) { entityTypes.append(entityType) }
        if operation == .update || operation == .delete {
            updated.append(EntityCache.Key(tenant, entityType, entity))
        }
        if operation != .custom { latest = after.map { (entity, $0) } }
        if pendingCount == Insertion.rowLimit { try flush() }
    }

    /// The JSON of a thing after its change, if that was the latest change to be recorded: so the answer to a request
    /// need not write it again.
    public func image(of entity: Identifier) -> [UInt8]? {
        latest?.entity == entity ? latest?.image : nil
    }

    /// The position of the latest change that was recorded; the start of the log when there is none. On PostgreSQL it
    /// costs a round trip.
    public func latestPosition() throws -> LogPosition {
        try flush()
        try transaction.settle()
        return last.position
    }

    /// Room for the changes of an order of a few lines.
    private static let usualValueCount = 128

    /// Writes the changes that were recorded since the last time, in their order, by one statement.
    func flush() throws {
        guard pendingCount > 0 else { return }
        hasChanges = true
        try transaction.append(Self.insertion, pending, key: "position") { [last] in
            last.assign(LogPosition($0))
        }
        pending.removeAll(keepingCapacity: true)
        pendingCount = 0
    }
}

/// The position of the latest change of a unit of work.
final class LastPosition: Sendable {
    private let value = Atomic<Int64>(0)

    var position: LogPosition { LogPosition(value.load(ordering: .acquiring)) }

    func assign(_ position: LogPosition) { value.max(position.value, ordering: .acquiringAndReleasing) }
}
