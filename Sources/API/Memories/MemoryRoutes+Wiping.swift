import ChangeLog
import Core
import Memories
import Search
import Storage

/// All that is kept of a user goes, however much that is.
extension MemoryRoutes {
    /// How many points, or former versions of them, go in one unit of work.
    private static let wipedAtOnce = 500

    /// Deletes what is kept of a user, and what it was. Most of a large user goes before this returns, some in each
    /// unit of work, so that no statement takes too long; whoever is broken off there has to wipe again.
    ///
    /// - parameter names: the collections that it goes from.
    /// - returns: what deletes the rest, and says how many points there were in all.
    func wipe(
        _ user: Int64, for context: ChangeContext,
        from names: @escaping @Sendable (Tenant, any ReadTransaction) throws -> [String]
    ) async throws -> @Sendable (UnitOfWork) throws -> Int {
        let filter = try PayloadFilter.points(ofUser: user)
        let tenant = context.tenant
        try await role.waitUntilAllIsFound(atMost: patience)
        let found = try await role.log.read { transaction in
            try names(tenant, transaction).map { ($0, try keys(of: filter, in: $0, tenant, transaction)) }
        }.value
        var count = 0
        for (name, keys) in found {
            let early = keys.dropLast(Self.wipedAtOnce)
            for start in stride(from: 0, to: early.count, by: Self.wipedAtOnce) {
                let some = Array(early[start..<min(start + Self.wipedAtOnce, early.count)])
                count += try await role.log.write(context) { try delete(some, of: filter, from: name, in: $0) }.value
            }
            while try await role.log.write(context, { try forgetSome(of: user, in: name, $0) }).value {}
        }
        // So that the last unit of work finds no more than is left.
        try await role.waitUntilAllIsFound(atMost: patience)
        let before = count
        return { unit in
            try names(unit.tenant, unit.transaction).reduce(before) { count, name in
                let rest = try keys(of: filter, in: name, unit.tenant, unit.transaction)
                let deleted = try delete(rest, of: filter, from: name, in: unit)
                while try forgetSome(of: user, in: name, unit) {}
                return count + deleted
            }
        }
    }

    private func keys(
        of filter: PayloadFilter, in name: String, _ tenant: Tenant, _ transaction: any ReadTransaction
    ) throws -> [PointKey] {
        guard let collection = try role.collections.find(name, of: tenant, in: transaction) else { return [] }
        return try role.keys(of: filter, in: collection, transaction)
    }

    private func delete(
        _ keys: [PointKey], of filter: PayloadFilter, from name: String, in unit: UnitOfWork
    ) throws -> Int {
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else { return 0 }
        return try role.points.delete(keys, of: collection, history: .leave, in: unit) { point in
            filter.matches(payload: try point.payloadObject(), id: point.key)
        }
    }

    /// Deletes some of what was kept of a user.
    ///
    /// - returns: whether there may be more.
    private func forgetSome(of user: Int64, in name: String, _ unit: UnitOfWork) throws -> Bool {
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else {
            return false
        }
        let limit = Self.wipedAtOnce
        return try role.points.history.forget(user: user, of: collection, limit: limit, in: unit) >= limit
    }
}
