import Core
import Learning

/// Learns a model of what a tenant's users did.
struct TrainingJob: Sendable {
    private let index: TenantIndex
    private let settings: TrainingSettings
    /// What the model will be called.
    private let name: String

    init(_ index: TenantIndex, _ settings: TrainingSettings, name: String) {
        (self.index, self.settings, self.name) = (index, settings, name)
    }

    /// - parameter check: is called between steps, and throws when the training is to end.
    func run(checking check: @escaping @Sendable () throws -> Void) throws -> RecommendationModel {
        let throttle = TrainingThrottle(share: settings.share)
        let pace = TrainingPace(threads: settings.threads) {
            try check()
            throttle.pause()
        }
        let snapshot = index.snapshot
        let changeCount = index.changeCount
        let matrix = matrix(itemCount: snapshot.catalog.count)
        let earlier = snapshot.model.hybrid?.factors
        let content = try ContentModel(snapshot.catalog, pausing: pace.pause)
        let hybrid =
            matrix.rowCount == 0
            ? nil
            : try HybridTraining.train(
                matrix, content: content, earlier: { earlier?.factors(ofItem: $0) }, pace: pace)
        return RecommendationModel(
            name: name, changeCount: changeCount, content: content,
            segments: SegmentModel(index, itemCount: snapshot.catalog.count), hybrid: hybrid)
    }

    /// What users did, who did something last at the end, whatever order they stand in in memory.
    private func matrix(itemCount: Int) -> InteractionMatrix {
        var histories: [(user: String, entries: [UserHistory.Entry])] = []
        index.histories.forEach { user, history in
            let entries = history.entries.filter { $0.weight > 0 && $0.slot < itemCount }
            if !entries.isEmpty { histories.append((user, entries)) }
        }
        histories.sort { left, right in
            let (first, second) = (left.entries.last?.time ?? 0, right.entries.last?.time ?? 0)
            return first == second ? left.user < right.user : first < second
        }
        return InteractionMatrix(
            itemCount: itemCount,
            rows: histories.lazy.map { $0.entries.lazy.map(\.historyEntry) })
    }
}

extension UserHistory.Entry {
    /// It as models know it.
    var historyEntry: HistoryEntry {
        HistoryEntry(item: slot, weight: weight, time: Timestamp(microseconds: time))
    }
}

extension ContentModel {
    /// What the items of a catalogue are like.
    ///
    /// - parameter pause: is called between steps.
    init(_ catalog: Catalog, pausing pause: () throws -> Void) rethrows {
        var features: [[ItemFeature]] = []
        for slot in 0..<Int32(catalog.count) {
            if slot % 64 == 0 { try pause() }
            features.append(catalog[slot].attributes.map(AttributeFeatures.features) ?? [])
        }
        self.init(features)
    }
}
