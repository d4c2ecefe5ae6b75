import ChangeLog
import Core
import Memories
import Search
import Storage

/// What a filter names goes, however much that is.
extension MemoryRoutes {
    /// How many former versions of points go at a time.
    private static let versionsAtOnce = 500

    /// Deletes what fits a filter. Most of much goes before this returns, some in each unit of work, so that nobody
    /// else waits for all of it; whoever is broken off there has to delete again. Who sends an `Idempotency-Key` has it
    /// done in the one unit of work that remembers the answer.
    ///
    /// - returns: what deletes the rest, and says how many points there were in all.
    func removal(
        of filter: PayloadFilter, from name: String, for request: APIRequest
    ) async throws -> @Sendable (UnitOfWork) throws -> Int {
        try await role.waitUntilAllIsFound(atMost: patience)
        let before =
            request.isToBeDoneOnce
            ? 0 : try await role.deleteMost(of: filter, in: name, for: request.context, patience: patience)
        return { unit in before + (try delete(filter, from: name, in: unit)) }
    }

    /// Deletes what is kept of a user, and what it was, as ``removal(of:from:for:)``.
    ///
    /// - parameter names: the collections that it goes from.
    /// - returns: what deletes the rest, and says how many points there were in all.
    func wipe(
        _ user: Int64, for context: ChangeContext,
        from names: @escaping @Sendable (Tenant, any ReadTransaction) throws -> [String]
    ) async throws -> @Sendable (UnitOfWork) throws -> Int {
        let filter = try PayloadFilter.points(ofUser: user)
        let tenant = context.tenant
        let found = try await role.log.read { try names(tenant, $0) }.value
        var count = 0
        try await role.waitUntilAllIsFound(atMost: patience)
        for name in found {
            count += try await role.deleteMost(
                of: filter, in: name, history: .leave, for: context, patience: patience)
            while try await role.log.write(context, { try forgetSome(of: user, in: name, $0) }).value {}
        }
        let before = count
        return { unit in
            try names(unit.tenant, unit.transaction).reduce(before) { count, name in
                let deleted = try delete(filter, from: name, history: .leave, in: unit)
                while try forgetSome(of: user, in: name, unit) {}
                return count + deleted
            }
        }
    }

    private func delete(
        _ filter: PayloadFilter, from name: String, history fate: HistoryOnDelete = .keep, in unit: UnitOfWork
    ) throws -> Int {
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else { return 0 }
        let keys = try role.keys(of: filter, in: collection, unit.transaction)
        return try role.points.delete(keys, matching: filter, of: collection, history: fate, in: unit)
    }

    /// Deletes some of what was kept of a user.
    ///
    /// - returns: whether there may be more.
    private func forgetSome(of user: Int64, in name: String, _ unit: UnitOfWork) throws -> Bool {
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else {
            return false
        }
        let limit = Self.versionsAtOnce
        return try role.points.history.forget(user: user, of: collection, limit: limit, in: unit) >= limit
    }
}
