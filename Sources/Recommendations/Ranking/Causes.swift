import Learning

/// Finds out which item of a history led to what: what a reason names is true of the data that a model has learnt.
struct Causes {
    private let model: RecommendationModel
    /// The items of the history, the latest first.
    private let items: [Int32]

    /// Among how many of the latest items it is looked for.
    private static let limit = 20

    init(_ model: RecommendationModel, _ history: [HistoryEntry]) {
        self.model = model
        items = history.suffix(Self.limit).reversed().map(\.item)
    }

    /// Why an item was found: by what contributed most to its score, of which a cause is known.
    func reason(of item: RankedItem, in catalog: Catalog) -> Recommendations.Reason {
        var isAlone = false
        for contribution in item.contributions {
            switch contribution.algorithm {
            case .popular, .trending: continue
            case .content:
                guard let cause = mostAlike(item.item) else { continue }
                return .alike(catalog[cause].key)
            case .transitions:
                guard let cause = strongest(.transitions, for: item.item) else { continue }
                return .chosenAround(catalog[cause].key)
            case .itemNeighbors, .ease, .als:
                // What these find need not have been chosen together with any one item.
                if isAlone { continue }
                guard let cause = strongest(.itemNeighbors, for: item.item) else {
                    isAlone = true
                    continue
                }
                return .chosenTogether(with: catalog[cause].key)
            }
        }
        return .tastes
    }

    /// Why an item was found that is like the history.
    func likeness(of item: Int32, in catalog: Catalog) -> Recommendations.Reason {
        mostAlike(item).map { .alike(catalog[$0].key) } ?? .tastes
    }

    /// The item of the history of which another is the strongest neighbour, of two the later one.
    private func strongest(_ algorithm: Algorithm, for item: Int32) -> Int32? {
        guard let hybrid = model.hybrid else { return nil }
        var best: (item: Int32, weight: Float)?
        for (place, origin) in items.enumerated() {
            let weight = hybrid.strength(of: item, from: origin, by: algorithm) / Float(place + 1)
            if weight > best?.weight ?? 0 { best = (origin, weight) }
        }
        return best?.item
    }

    /// The item of the history that an item is most like, besides itself, if it is like any.
    private func mostAlike(_ item: Int32) -> Int32? {
        let profile = model.content.profile(of: CollectionOfOne(HistoryEntry(item: item)))
        var best: (item: Int32, likeness: Float)?
        for origin in items where origin != item {
            let likeness = model.content.similarity(of: origin, to: profile)
            if likeness > best?.likeness ?? 0 { best = (origin, likeness) }
        }
        return best?.item
    }
}
