import Caching
public import Core
public import Storage

/// Finds entities of one type for the lookups of observers.
public struct EntityLookup: Sendable {
    /// The type, as in the change log.
    public let entityType: String
    let find: @Sendable (Identifier, Tenant, any ReadTransaction) throws -> (json: [UInt8], version: Int64)?

    /// A lookup of a type.
    ///
    /// - parameter find: the image of an entity with its version, or nil when there is none.
    public init(
        _ entityType: String,
        find: @escaping @Sendable (Identifier, Tenant, any ReadTransaction) throws -> (json: [UInt8], version: Int64)?
    ) {
        self.entityType = entityType
        self.find = find
    }
}
