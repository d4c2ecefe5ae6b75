public import ChangeLog
import Core
public import Search
import Storage

extension MemoryRole {
    /// How many points go in one unit of work where many are to be deleted: nobody else who writes waits for longer.
    static let deletedAtOnce = 500

    /// Deletes most of the points that fit a filter, if there are many, some in each unit of work. The last ones are
    /// left to the unit of work that answers. It begins once what is gone is no longer found.
    ///
    /// - parameter patience: how long is waited for the index.
    /// - returns: how many are gone.
    /// - throws: ``Failure`` `position_not_reached`, `index_not_ready`, `search_too_long`; what went before stays gone.
    public func deleteMost(
        of filter: PayloadFilter, in name: String, history fate: HistoryOnDelete = .keep, for context: ChangeContext,
        patience: Duration
    ) async throws -> Int {
        try await waitUntilAllIsFound(atMost: patience)
        let tenant = context.tenant
        let keys = try await log.read { [self] transaction -> [PointKey] in
            guard let collection = try collections.find(name, of: tenant, in: transaction) else { return [] }
            return try self.keys(of: filter, in: collection, transaction)
        }.value.dropLast(Self.deletedAtOnce)
        var count = 0
        for start in stride(from: 0, to: keys.count, by: Self.deletedAtOnce) {
            let some = Array(keys[start..<min(start + Self.deletedAtOnce, keys.count)])
            count += try await log.write(context) { [self] unit in
                guard let collection = try collections.find(name, of: tenant, in: unit.transaction) else { return 0 }
                return try points.delete(some, matching: filter, of: collection, history: fate, in: unit)
            }.value
        }
        if count > 0 { try await waitUntilAllIsFound(atMost: patience) }
        return count
    }
}
