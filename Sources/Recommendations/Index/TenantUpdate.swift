import ChangeLog
import Core

/// What some changes make of the index of a tenant. All that may fail is done when it is made, and nothing is changed
/// before: who fails and is given the same changes again would count them twice.
struct TenantUpdate: Sendable {
    /// By how many changes the index may be behind for only some of what a user did to be read anew. Beyond that all is
    /// read as of the head, which spares the changes until there.
    private static let nearness: Int64 = 10_000

    private let index: TenantIndex
    private let changes: IndexChanges
    private let position: LogPosition
    /// Users who were read anew.
    private var readings: [String: HistoryReader.Reading] = [:]
    /// What is left of what users did with items of which something was taken back. Some have no slot yet.
    private var left: [String: [ItemKey: UserHistory.Entry?]] = [:]

    /// - throws: ``Failure`` `corrupt_row`, and what goes wrong where users are read anew.
    init(
        _ changes: [Change], to index: TenantIndex, of tenant: Tenant, upTo position: LogPosition,
        by reader: HistoryReader
    ) async throws {
        var changes = try IndexChanges(changes, of: tenant, knowing: index.freshReads)
        let isNear = reader.log.head.value - position.value <= Self.nearness
        for (user, items) in changes.goneItems {
            let catalog = index.snapshot.catalog
            let slots = Set(items.compactMap { catalog.slot(of: $0) })
            if isNear, let history = index.histories.find(user), !history.isSpent(without: slots) {
                left[user] = try await reader.read(Set(items), of: user, tenant, for: index, at: position)
            } else {
                changes.readAll(of: user)
            }
        }
        for user in changes.users {
            readings[user] = try await reader.readAll(of: user, tenant, for: index, after: position)
        }
        (self.index, self.changes, self.position) = (index, changes, position)
    }

    /// Changes the index.
    ///
    /// - parameter now: beside what is said to be of a time to come, all that is done until then would count nothing,
    ///   so it counts as of now.
    func apply(now: Timestamp) {
        index.update { catalog in
            for (key, item) in changes.items {
                if let item { catalog.set(item) } else { catalog.remove(key) }
            }
        }
        index.add(changes.interactions, now: now) { readings[$0] == nil }
        index.add(changes.known, now: now) { _ in false }
        index.uncount(changes.gone, now: now)
        let catalog = index.snapshot.catalog
        for (user, left) in left {
            let count = changes.goneItems[user]?.count ?? 0
            let rest = left.compactMap { item, entry in catalog.slot(of: item).map { ($0, entry) } }
            index.histories.update(user) { $0.takeBack(count, leaving: Dictionary(uniqueKeysWithValues: rest)) }
        }
        for (user, attributes) in changes.described where readings[user] == nil {
            index.describe(user, attributes)
            index.popularity.noteChange()
        }
        for (user, reading) in readings {
            index.histories.set(user, reading.history.isEmpty ? nil : reading.history)
            index.popularity.noteChange()
            index.freshReads.note(user, at: reading.position, end: reading.end)
        }
        index.freshReads.forget(upTo: position)
    }
}
