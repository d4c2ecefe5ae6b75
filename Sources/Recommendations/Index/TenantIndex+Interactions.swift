import Core
import Learning

extension TenantIndex {
    /// Adds what users did.
    ///
    /// - parameters:
    ///   - now: what is said to be of a time to come counts as of now.
    ///   - isNew: whether what a user did has to be added to their history, too.
    func add(_ interactions: [Interaction], now: Timestamp, where isNew: (String) -> Bool = { _ in true }) {
        makeSlots(for: interactions.lazy.map(\.item))
        let catalog = snapshot.catalog
        var done: [String: [UserHistory.Entry]] = [:]
        for interaction in interactions {
            guard let slot = catalog.slot(of: interaction.item) else { continue }
            popularity.add(Float(interaction.weight), to: slot, at: min(interaction.time, now))
            if isNew(interaction.user) { done[interaction.user, default: []].append(interaction.entry(slot)) }
        }
        for (user, done) in done { histories.update(user) { $0.add(done) } }
    }

    /// What was taken back counts no more for what is popular.
    func uncount(_ sums: [ForgottenInteractions.Sum], now: Timestamp) {
        let catalog = snapshot.catalog
        for sum in sums {
            guard let slot = catalog.slot(of: sum.item) else { continue }
            popularity.remove(Float(sum.weight), from: slot, at: min(sum.time, now))
        }
    }

    /// Gives slots to those of some items that have none.
    func makeSlots(for items: some Sequence<ItemKey>) {
        let catalog = snapshot.catalog
        let unknown = items.filter { catalog.slot(of: $0) == nil }
        guard !unknown.isEmpty else { return }
        update { catalog in
            for key in unknown { _ = catalog.makeSlot(for: key) }
        }
    }

    /// Whether nobody needs most of the slots any more that a model knows: there is no item, and no user who did
    /// anything with one.
    func isMostlyUnused(_ model: RecommendationModel) -> Bool {
        guard let hybrid = model.hybrid else { return false }
        let catalog = snapshot.catalog
        var isUsed = (0..<Int32(min(hybrid.itemCount, catalog.count))).map { catalog[$0].attributes != nil }
        histories.forEach { _, history in
            for entry in history.entries where entry.slot < isUsed.count { isUsed[Int(entry.slot)] = true }
            for slot in history.seen where slot < isUsed.count { isUsed[Int(slot)] = true }
        }
        return isUsed.count { !$0 } > isUsed.count / 2
    }
}
