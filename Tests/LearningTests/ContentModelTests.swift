import Learning
import Testing

@Suite struct ContentModelTests {
    /// Items with features 1 (common), 2 and 3 (rare), one without any, and one that shares nothing.
    private let items: [[ItemFeature]] = [
        [.init(1, 1), .init(2, 1)], [.init(1, 1), .init(2, 1)], [.init(1, 1), .init(3, 1)], [.init(3, 2)], [],
        [.init(9, 1)], [.init(1, 1)],
    ]

    private func best(_ history: [HistoryEntry], of model: ContentModel) -> [(item: Int32, score: Float)] {
        var sums = ScoreAccumulator(itemCount: model.itemCount)
        let best = model.best(model.profile(of: history), limit: 10, using: &sums)
        #expect(sums.touched.isEmpty)
        return best
    }

    @Test func findsWhatSharesTheRarestFirst() {
        let found = best([HistoryEntry(item: 0)], of: ContentModel(items))
        #expect(found.map(\.item) == [0, 1, 6, 2])
        #expect(abs((found.first?.score ?? 0) - 1) < 0.001)
        #expect(abs((found.dropFirst().first?.score ?? 0) - 1) < 0.001)
        // ln(7/4.5) and ln(7/2.5) are the weights of the features 1 and 2, whose item has length 1.119.
        #expect(abs(found[2].score - 0.394_5) < 0.002)
    }

    @Test func weighsTheItemsOfAHistory() {
        let found = best(
            [HistoryEntry(item: 0, weight: 0.01), HistoryEntry(item: 3, weight: 5)], of: ContentModel(items))
        #expect(found.map(\.item).prefix(2) == [3, 2])
    }

    @Test func knowsNothingOfWhatHasNoFeatureInCommon() {
        let model = ContentModel(items)
        #expect(model.profile(of: [HistoryEntry(item: 5)]).isEmpty)
        #expect(model.profile(of: [HistoryEntry(item: 4)]).isEmpty)
        #expect(best([HistoryEntry(item: 4)], of: model).isEmpty)
        #expect(ContentModel([]).profile(of: [HistoryEntry(item: 0)]).isEmpty)
    }

    @Test func comparesItemsThatCameLater() {
        let model = ContentModel(items)
        let profile = model.profile(of: [], and: [([.init(3, 1)], 1)])
        #expect(model.similarity(of: 3, to: profile) == 1)
        #expect(abs(model.similarity(of: [.init(3, 7), .init(77, 1)], to: profile) - 1) < 0.001)
        #expect(model.similarity(of: [.init(77, 1)], to: profile) == 0)
    }

    @Test func looksAtSoManyPlacesWhateverThereIs() {
        // One feature that three quarters have, which is more than it looks at, and a rare one.
        let count = 4 * ContentModel.visitLimit
        let many = (0..<count).map { item -> [ItemFeature] in
            [.init(item % 4 == 0 ? 3 : 1, 1)] + (item % 1_000 == 1 ? [.init(2, 1)] : [])
        }
        let found = best([HistoryEntry(item: 1)], of: ContentModel(many))
        #expect(found.count == 10)
        #expect(found.allSatisfy { $0.item % 1_000 == 1 })
        // The common one alone: items from all over are found, and not the first ones only.
        let common = best([HistoryEntry(item: 2)], of: ContentModel(many))
        #expect(common.count == 10)
    }
}
