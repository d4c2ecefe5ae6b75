public import Core

/// What of the data an entry of a cache was made of. A change of it makes the entry out of date.
public enum CacheDependency: Hashable, Sendable {
    /// One entity: its image.
    case entity(Tenant, String, Identifier)
    /// All entities of a type of a tenant: a list of them, or a search.
    case entityType(Tenant, String)
}
