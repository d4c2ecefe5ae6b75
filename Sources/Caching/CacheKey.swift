public import Core
import Crypto

/// What an entry of a ``Cache`` is about.
public enum CacheKey: Hashable, Sendable {
    /// The image of an entity.
    case entity(EntityCache.Key)
    /// The answer to a query.
    case query(QueryKey)

    /// What a change makes the entry out of date.
    var dependencies: [CacheDependency] {
        switch self {
        case .entity(let key): [key.dependency]
        case .query(let key): key.dependencies
        }
    }

    /// What it is called in Redis, without what stands before all. It has no braces: they would keep all keys of a
    /// tenant on one node of a cluster.
    var text: String {
        switch self {
        case .entity(let key): "\(key.tenant.number):\(key.entityType):\(key.id)"
        case .query(let key):
            "\(key.tenant.number):query:\(key.digest.map { String($0, radix: 16) }.joined(separator: "-"))"
        }
    }
}

/// A query of a tenant, and which entities its answer is made of.
public struct QueryKey: SpreadKey {
    let tenant: Tenant
    let dependencies: [CacheDependency]
    /// The SHA-256 of the query, so that long ones cost no more than short ones.
    let digest: [UInt64]

    /// - parameters:
    ///   - text: everything that decides the answer besides the tenant: the path, the parameters in an order of their
    ///     own, and what the credential may see.
    ///   - entityTypes: as in the change log, for example `order`.
    public init(_ tenant: Tenant, _ text: String, entityTypes: [String]) {
        self.tenant = tenant
        dependencies = entityTypes.map { .entityType(tenant, $0) }
        digest = SHA256.hash(data: Array(text.utf8)).withUnsafeBytes { bytes in
            (0..<4).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        }
    }

    var bits: UInt64 { digest[0] }

    public static func == (left: QueryKey, right: QueryKey) -> Bool {
        left.digest == right.digest && left.tenant == right.tenant
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(digest[0])
        hasher.combine(tenant)
    }
}
