public import ChangeLog
public import Core
public import Storage

/// The collections of all tenants.
public struct Collections: Sendable {
    /// How many collections a tenant may have.
    static let countLimit = 10_000

    private let definitions = StoredDefinitions()
    private let pasts = CollectionPasts()

    /// Makes a collection.
    ///
    /// - throws: ``Failure`` `collection_exists`, `too_many_collections`.
    public func create(_ name: String, _ definition: CollectionDefinition, in unit: UnitOfWork) throws
        -> PointCollection
    {
        guard try find(name, of: unit.tenant, in: unit.transaction) == nil,
            let made = try add(name, definition, in: unit)
        else { throw Self.exists(name) }
        return made
    }

    /// The collection of a name, which is made if there is none.
    ///
    /// - parameter definition: what it is made for.
    /// - throws: ``Failure`` `too_many_collections`.
    public func open(
        _ name: String, _ definition: @autoclosure () -> CollectionDefinition, in unit: UnitOfWork
    ) throws -> PointCollection {
        if let found = try find(name, of: unit.tenant, in: unit.transaction) { return found }
        return try add(name, definition(), in: unit) ?? require(name, of: unit.tenant, in: unit.transaction)
    }

    /// - returns: nil when there is one.
    private func add(
        _ name: String, _ definition: CollectionDefinition, in unit: UnitOfWork
    ) throws -> PointCollection? {
        let transaction = unit.transaction
        // Whoever else makes one holds the numbers until it can be seen.
        let number = try takeNumber(in: transaction)
        guard try find(name, of: unit.tenant, in: transaction) == nil else { return nil }
        let count = try transaction.first("SELECT COUNT(*) FROM collections WHERE tenant = \(unit.tenant)") {
            $0.int(0)
        }
        guard count ?? 0 < Self.countLimit else {
            throw Failure.conflict(
                "too_many_collections",
                "There are \(Self.countLimit) collections already. Tell points apart by their payloads instead.")
        }
        return try insert(name, definition, number: number, in: unit)
    }

    /// A number that no collection has or had.
    func takeNumber(in transaction: any WriteTransaction) throws -> Int64 {
        try transaction.execute("UPDATE collection_numbers SET last_number = last_number + 1")
        return try transaction.first("SELECT last_number FROM collection_numbers") { $0.integer(0) } ?? 0
    }

    /// Gives a name to the points that stand under a number.
    func insert(
        _ name: String, _ definition: CollectionDefinition, number: Int64, in unit: UnitOfWork
    ) throws -> PointCollection {
        let collection = PointCollection(
            id: unit.makeIdentifier(), tenant: unit.tenant, name: name, number: number, version: 1,
            definition: definition, createdAt: unit.now, updatedAt: unit.now)
        let stored = JSONWriter.bytes(of: definition)
        do {
            try unit.transaction.execute(
                """
                INSERT INTO collections (tenant, name, number, id, version, definition, created_at, updated_at)
                VALUES (\(unit.tenant), \(name), \(number), \(collection.id), 1, \(SQLValue.utf8(stored)),
                    \(unit.now), \(unit.now))
                """)
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.exists(name)
        }
        try unit.recordInsert(PointCollection.entityType, collection.id, after: JSONWriter.bytes(of: collection))
        return collection
    }

    /// Changes what a collection is made for.
    ///
    /// - throws: ``Failure`` `collection_not_found`, and what the closure throws.
    @discardableResult
    public func update(
        _ name: String, in unit: UnitOfWork, _ change: (inout CollectionDefinition) throws -> Void
    ) throws -> PointCollection {
        let old = try require(name, of: unit.tenant, in: unit.transaction, lock: unit.transaction.rowLock(of: "c"))
        var new = old
        try change(&new.definition)
        guard new.definition != old.definition else { return old }
        new.version += 1
        new.updatedAt = unit.now
        let stored = JSONWriter.bytes(of: new.definition)
        try unit.transaction.execute(
            """
            UPDATE collections SET version = \(new.version), definition = \(SQLValue.utf8(stored)),
                updated_at = \(unit.now)
            WHERE tenant = \(unit.tenant) AND name = \(name)
            """)
        try unit.recordUpdate(
            PointCollection.entityType, old.id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
        return new
    }

    /// Deletes a collection with all its points. The points are not told of one by one.
    ///
    /// - returns: whether there was one.
    public func delete(_ name: String, in unit: UnitOfWork) throws -> Bool {
        let transaction = unit.transaction
        guard let old = try find(name, of: unit.tenant, in: transaction, lock: transaction.rowLock(of: "c")) else {
            return false
        }
        try transaction.execute("DELETE FROM collections WHERE tenant = \(unit.tenant) AND name = \(name)")
        try transaction.execute(
            "INSERT INTO deleted_collections (tenant, number) VALUES (\(unit.tenant), \(old.number))")
        try unit.recordDelete(PointCollection.entityType, old.id, before: JSONWriter.bytes(of: old))
        try pasts.begin(name, in: unit)
        return true
    }

    /// The names of the collections of a tenant, ascending.
    public func names(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [String] {
        try transaction.rows("SELECT name FROM collections WHERE tenant = \(tenant) ORDER BY name") { $0.text(0) }
    }

    /// The collections of a tenant by ascending name.
    public func list(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [PointCollection] {
        try transaction.rows(Self.selection + "WHERE c.tenant = \(tenant) ORDER BY c.name", read)
    }

    /// The collections of all tenants.
    func all(in transaction: any ReadTransaction) throws -> [PointCollection] {
        try transaction.rows(Self.selection + "ORDER BY c.tenant, c.name", read)
    }

    /// A collection by its name, or nil when there is none.
    ///
    /// - parameter lock: what follows the query, to keep others from changing the collection.
    public func find(
        _ name: String, of tenant: Tenant, in transaction: any ReadTransaction, lock: SQL = ""
    ) throws -> PointCollection? {
        try transaction.first(
            Self.selection + "WHERE c.tenant = \(tenant) AND c.name = \(name)" + lock, read)
    }

    /// A collection by its name.
    ///
    /// - throws: ``Failure`` `collection_not_found`.
    public func require(
        _ name: String, of tenant: Tenant, in transaction: any ReadTransaction, lock: SQL = ""
    ) throws -> PointCollection {
        guard let collection = try find(name, of: tenant, in: transaction, lock: lock) else {
            throw Self.notFound(name)
        }
        return collection
    }

    /// There is no such collection.
    public static func notFound(_ name: String) -> Failure {
        Failure(
            .notFound, code: "collection_not_found",
            "There is no collection \(name.prefix(CollectionDefinition.nameLimit)). Create it first.")
    }

    private static func exists(_ name: String) -> Failure {
        Failure.conflict("collection_exists", "There is a collection \(name) already. Delete it or use another name.")
    }

    private static let selection: SQL =
        """
        SELECT c.id, c.tenant, c.name, c.number, c.version, c.definition, c.created_at, c.updated_at
        FROM collections c\u{20}
        """

    private func read(_ row: Row) throws -> PointCollection {
        PointCollection(
            id: try row.identifier(0), tenant: Tenant(row.integer(1)), name: row.text(2), number: row.integer(3),
            version: row.integer(4), definition: try definitions.definition(row.bytes(5)),
            createdAt: row.timestamp(6), updatedAt: row.timestamp(7))
    }
}
