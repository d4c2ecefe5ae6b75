import ChangeLog
import Core
import Storage

/// Reads in the tables what users did of whom something was taken back or taken over.
struct HistoryReader: Sendable {
    /// What is known of a user, as of one moment.
    struct Reading: Sendable {
        let history: UserHistory
        /// All changes up to there are in it.
        let position: LogPosition
        /// Where the log ended in the snapshot.
        let end: LogPosition
    }

    /// How many rows are read at once.
    private static let pageLimit = 2_000

    let log: ChangeLog
    let interactions: Interactions
    let users: RecommendationUsers

    /// Reads all that is known of a user.
    ///
    /// - parameter applied: the changes up to there are done with.
    func readAll(
        of user: String, _ tenant: Tenant, for index: TenantIndex, after applied: LogPosition
    ) async throws -> Reading {
        // Of what is settled the tables have all; what came later comes by its changes.
        let position = max(log.head, applied)
        return try await log.database.read { transaction in
            let later = LaterInteractions(after: position, of: tenant)
            var history = UserHistory()
            history.add(
                try entries(
                    of: user, tenant, for: index, without: try later.find(settled: position, in: transaction),
                    in: transaction))
            if let user = try users.find(user, of: tenant, in: transaction) {
                history.isDescribed = true
                history.segments = index.segments.numbers(of: user.attributes)
            }
            return Reading(history: history, position: position, end: try ChangeLog.last(in: transaction))
        }
    }

    /// Reads what is left of what a user did with some items, as of a position up to which the log is settled.
    ///
    /// - returns: by the items; nil of those of which nothing is left.
    func read(
        _ items: Set<ItemKey>, of user: String, _ tenant: Tenant, for index: TenantIndex, at position: LogPosition
    ) async throws -> [ItemKey: UserHistory.Entry?] {
        try await log.database.read { transaction in
            let later = try LaterInteractions(after: position, of: tenant).find(settled: position, in: transaction)
            return try read(items, of: user, tenant, for: index, without: later, in: transaction)
        }
    }

    /// The same, but for the interactions that are said to be later.
    func read(
        _ items: Set<ItemKey>, of user: String, _ tenant: Tenant, for index: TenantIndex,
        without later: Set<Identifier>, in transaction: any ReadTransaction
    ) throws -> [ItemKey: UserHistory.Entry?] {
        var left: [ItemKey: UserHistory.Entry?] = [:]
        for item in items {
            var history = UserHistory()
            history.add(try entries(of: user, with: item, tenant, for: index, without: later, in: transaction))
            left[item] = .some(history.entries.first)
        }
        return left
    }

    private func entries(
        of user: String, with item: ItemKey? = nil, _ tenant: Tenant, for index: TenantIndex,
        without later: Set<Identifier>, in transaction: any ReadTransaction
    ) throws -> [UserHistory.Entry] {
        var entries: [UserHistory.Entry] = []
        var page: [Interaction] = []
        repeat {
            page = try interactions.page(
                of: user, with: item, after: page.last, limit: Self.pageLimit, tenant, in: transaction)
            let known = page.filter { !later.contains($0.id) }
            index.makeSlots(for: known.lazy.map(\.item))
            let catalog = index.snapshot.catalog
            entries += known.compactMap { interaction in
                catalog.slot(of: interaction.item).map { interaction.entry($0) }
            }
        } while page.count == Self.pageLimit
        return entries
    }
}

extension Interaction {
    /// It as histories know it.
    ///
    /// - parameter slot: that of its item.
    func entry(_ slot: Int32) -> UserHistory.Entry {
        UserHistory.Entry(slot: slot, weight: Float(weight), time: time.microseconds)
    }
}
