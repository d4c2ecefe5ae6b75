public import ChangeLog
public import Core
public import Storage

/// The items of all tenants: their rows, and what the change log is told of them.
public struct Items: Sendable {
    /// How many items are read or written by one statement.
    static let chunk = 500

    private static let rows = Insertion(
        into: "recommendation_items", "tenant, entity_type, entity_id, updated_at, document", hasNewKeys: true)

    /// The items of all tenants.
    public init() {}

    /// What became of an item that was to be written.
    public enum Outcome: Sendable {
        case created(Item)
        case updated(Item)
        /// It was there as it was to be.
        case unchanged(Item)

        /// The item as it is now.
        public var item: Item {
            switch self {
            case .created(let item), .updated(let item), .unchanged(let item): item
            }
        }
    }

    /// Writes items: those that are there already are replaced as a whole, and keep the time when they were made.
    ///
    /// - parameter drafts: the items; of several with one key the last one counts.
    /// - returns: what became of them, in the order of the drafts, each key once.
    @discardableResult
    public func put(_ drafts: [ItemDraft], in unit: UnitOfWork) throws -> [Outcome] {
        var seen: Set<ItemKey> = []
        let drafts = Array(drafts.reversed().filter { seen.insert($0.key).inserted }.reversed())
        var outcomes: [Outcome] = []
        for start in stride(from: 0, to: drafts.count, by: Self.chunk) {
            let chunk = drafts[start..<min(start + Self.chunk, drafts.count)]
            let there = try find(
                chunk.map(\.key), of: unit.tenant, in: unit.transaction, lock: unit.transaction.rowLock(of: "i"))
            var rows: [SQLValue] = []
            for draft in chunk {
                if let before = there[draft.key] {
                    outcomes.append(try replace(before, by: draft, in: unit))
                } else {
                    let item = Item(draft, of: unit.tenant, at: unit.now)
                    let document = JSONWriter.bytes(of: item)
                    try unit.recordInsert(Item.entityType, item.key.entity, after: document)
                    rows += [
                        unit.tenant.sqlValue, .text(item.key.type), .text(item.key.id), unit.now.sqlValue,
                        .utf8(document),
                    ]
                    outcomes.append(.created(item))
                }
            }
            if !rows.isEmpty { try unit.transaction.insert(Self.rows, rows) }
        }
        return outcomes
    }

    /// Writes items of which nothing is known but that they are there. Those that are there already stay as they are.
    public func addMissing(_ keys: [ItemKey], in unit: UnitOfWork) throws {
        let keys = Set(keys)
        guard !keys.isEmpty else { return }
        let known = try find(Array(keys), of: unit.tenant, in: unit.transaction)
        try put(keys.filter { known[$0] == nil }.sorted().map { ItemDraft($0) }, in: unit)
    }

    private func replace(_ before: Item, by draft: ItemDraft, in unit: UnitOfWork) throws -> Outcome {
        var after = before
        after.attributes = draft.attributes
        after.isAvailable = draft.isAvailable
        guard after != before else { return .unchanged(before) }
        after.updatedAt = max(unit.now, before.updatedAt)
        let document = JSONWriter.bytes(of: after)
        try unit.recordUpdate(
            Item.entityType, after.key.entity, before: JSONWriter.bytes(of: before), after: document)
        try unit.transaction.enqueue(
            """
            UPDATE recommendation_items SET updated_at = \(after.updatedAt), document = \(SQLValue.utf8(document))
            WHERE tenant = \(unit.tenant) AND entity_type = \(after.key.type) AND entity_id = \(after.key.id)
            """)
        return .updated(after)
    }

    /// Deletes an item. What users did with it stays.
    ///
    /// - throws: ``Failure`` `entity_not_found`.
    public func delete(_ key: ItemKey, in unit: UnitOfWork) throws {
        let item = try require(key, of: unit.tenant, in: unit.transaction, lock: unit.transaction.rowLock(of: "i"))
        try unit.recordDelete(Item.entityType, key.entity, before: JSONWriter.bytes(of: item))
        try unit.transaction.execute(
            """
            DELETE FROM recommendation_items
            WHERE tenant = \(unit.tenant) AND entity_type = \(key.type) AND entity_id = \(key.id)
            """)
    }

    /// The items of some keys that there are.
    ///
    /// - parameter lock: what keeps others from changing them, in a unit of work.
    public func find(
        _ keys: [ItemKey], of tenant: Tenant, in transaction: any ReadTransaction, lock: SQL = ""
    ) throws -> [ItemKey: Item] {
        var found: [ItemKey: Item] = [:]
        for (type, keys) in Dictionary(grouping: keys, by: \.type) {
            for start in stride(from: 0, to: keys.count, by: Self.chunk) {
                let ids = keys[start..<min(start + Self.chunk, keys.count)].map(\.id)
                let items = try transaction.rows(
                    """
                    SELECT i.document FROM recommendation_items i
                    WHERE i.tenant = \(tenant) AND i.entity_type = \(type) AND i.entity_id = \(each: ids)
                    """ + lock
                ) { try Item(StoredFields($0.bytes(0)), of: tenant) }
                for item in items { found[item.key] = item }
            }
        }
        return found
    }

    /// An item by its key.
    ///
    /// - throws: ``Failure`` `entity_not_found`.
    public func require(
        _ key: ItemKey, of tenant: Tenant, in transaction: any ReadTransaction, lock: SQL = ""
    ) throws -> Item {
        guard let item = try find([key], of: tenant, in: transaction, lock: lock)[key] else {
            throw Self.notFound(key)
        }
        return item
    }

    static func notFound(_ key: ItemKey) -> Failure {
        Failure(.notFound, code: "entity_not_found", "There is no entity \(key.id) of the type \(key.type).")
    }

    /// Some items of a tenant, in the order of their keys.
    ///
    /// - parameters:
    ///   - last: the one after which they come; nil begins.
    ///   - type: only of this type; nil is of any.
    public func page(
        after last: Item?, limit: Int, of tenant: Tenant, type: String? = nil, in transaction: any ReadTransaction
    ) throws -> [Item] {
        var query: SQL = "SELECT i.document FROM recommendation_items i WHERE i.tenant = \(tenant)"
        if let type {
            query += " AND i.entity_type = \(type)"
            if let last { query += " AND i.entity_id > \(last.key.id)" }
        } else if let last {
            query += " AND (i.entity_type, i.entity_id) > (\(last.key.type), \(last.key.id))"
        }
        query += " ORDER BY i.entity_type, i.entity_id LIMIT \(limit)"
        return try transaction.rows(query) { try Item(StoredFields($0.bytes(0)), of: tenant) }
    }

    /// Some items of all tenants, in the order of their keys.
    ///
    /// - parameter last: the one after which they come; nil begins.
    func page(after last: Item?, limit: Int, in transaction: any ReadTransaction) throws -> [Item] {
        var query: SQL = "SELECT tenant, document FROM recommendation_items"
        if let last {
            query += """
                 WHERE (tenant, entity_type, entity_id) > (\(last.tenant), \(last.key.type), \(last.key.id))
                """
        }
        query += " ORDER BY tenant, entity_type, entity_id LIMIT \(limit)"
        return try transaction.rows(query) {
            try Item(StoredFields($0.bytes(1)), of: Tenant($0.integer(0)))
        }
    }
}
