public import Core
public import Storage

/// An entity as it stands in the tables now, as the log would tell of it.
public struct EntityImage: Sendable {
    /// Which one.
    public let key: EntityKey
    /// The entity as JSON, like ``Change/after``.
    public let document: [UInt8]

    /// An entity as it stands in the tables.
    public init(_ key: EntityKey, _ document: [UInt8]) { (self.key, self.document) = (key, document) }
}

/// Which entity of a type it is.
public struct EntityKey: Sendable, Hashable {
    /// Whose it is.
    public let tenant: Tenant
    /// Which one.
    public let entity: Identifier

    /// The key of an entity.
    public init(_ tenant: Tenant, _ entity: Identifier) { (self.tenant, self.entity) = (tenant, entity) }
}

/// What has entities in tables that the log tells of: where the log does not go back far enough, they are read there.
public protocol EntityImages: Sendable {
    /// Some entities of a type, of all tenants, in the order of tenants and identifiers.
    ///
    /// - parameters:
    ///   - type: what they are called in the log.
    ///   - last: the one after which they come; nil begins.
    ///   - limit: how many there are at most. Fewer come at the end alone.
    func images(
        of type: String, after last: EntityKey?, limit: Int, in transaction: any ReadTransaction
    ) throws -> [EntityImage]
}

extension ReadTransaction {
    /// The keys of a table whose primary key is `tenant` and `id`, in its order.
    ///
    /// - parameters:
    ///   - last: the one after which they come; nil begins.
    ///   - limit: how many there are at most.
    public func keys(of table: SQL, after last: EntityKey?, limit: Int) throws -> [EntityKey] {
        var query: SQL = "SELECT tenant, id FROM \(table)"
        if let last { query += " WHERE (tenant, id) > (\(last.tenant), \(last.entity))" }
        query += " ORDER BY tenant, id LIMIT \(limit)"
        return try rows(query) { EntityKey(Tenant($0.integer(0)), try $0.identifier(1)) }
    }
}
