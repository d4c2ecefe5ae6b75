import Core
import TestKit
import Testing

@testable import Learning

@Suite struct HybridModelTests {
    private let sample: SampleInteractions
    private let model: HybridModel
    private let random: SeededRandom

    /// Trained once for all tests: they only ask it.
    private static let trained = Result {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 150, using: &random)
        return (sample, try HybridTraining.train(sample.matrix, settings: SampleInteractions.settings), random)
    }

    init() throws {
        (sample, model, random) = try Self.trained.get()
    }

    private let history = [HistoryEntry(item: 14), HistoryEntry(item: 15), HistoryEntry(item: 16)]

    @Test func ranksWhatFollowsInTheGroupOfTheHistory() {
        let ranking = model.rank(history, limit: 4)
        #expect(ranking.first?.item == 17, "\(random)")
        #expect(ranking.allSatisfy { sample.items(ofGroup: 1).contains($0.item) }, "\(random)")
        #expect(zip(ranking, ranking.dropFirst()).allSatisfy { $0.score >= $1.score }, "\(random)")
    }

    @Test func recommendsNothingTwiceAndNothingOfTheHistory() {
        for limit in [1, 10, 72, 500] {
            let items = model.rank(history, limit: limit).map(\.item)
            #expect(Set(items).count == items.count, "\(random)")
            #expect(Set(items).isDisjoint(with: [14, 15, 16]), "\(random)")
            #expect(items.count == min(limit, model.itemCount - 3), "\(random)")
        }
        #expect(model.rank(history, limit: 0).isEmpty)
        for algorithm in Algorithm.allCases {
            let scores = model.rank(history, limit: 500, by: algorithm).map(\.score)
            #expect(scores == scores.sorted(by: >), "\(algorithm), \(random)")
        }
    }

    @Test func recommendsWhatIsOfTheHistoryWhereThatIsWanted() {
        for limit in [1, 10, 500] {
            let items = model.rank(history, limit: limit, includesHistory: true).map(\.item)
            #expect(Set(items).count == items.count, "\(random)")
            #expect(items.count == min(limit, model.itemCount), "\(random)")
        }
        for algorithm in [Algorithm.transitions, .ease, .itemNeighbors, .als] {
            let ranking = model.rank(history, limit: 20, by: algorithm, includesHistory: true)
            let found = ranking.filter { $0.contributions.map(\.algorithm) == [algorithm] }.map(\.item)
            #expect(Set(found).isSuperset(of: [14, 15, 16]), "\(algorithm), \(random)")
        }
        let unknown = [HistoryEntry(item: 14), HistoryEntry(item: Int32(model.itemCount) + 3)]
        #expect(model.rank(unknown, limit: 500, includesHistory: true).count == model.itemCount, "\(random)")
    }

    /// Among many items, one of a history may be neither popular nor like another one of it.
    @Test func looksAtAllOfTheHistoryWhereThatIsWanted() throws {
        var random = SeededRandom.fresh()
        let rows = (0..<100).map { _ in
            (0..<400).shuffled(using: &random).prefix(6).map { HistoryEntry(item: Int32($0)) }
        }
        let weights = HybridFeature.all.map { [.als, .ease].contains($0.algorithm) ? Float(1) : 0 }
        let model = try HybridTraining.train(
            InteractionMatrix(itemCount: 400, rows: rows), settings: SampleInteractions.settings
        ).weighted(HybridModel.Weights(continuing: weights, returning: weights))
        for item in Set(rows.joined().map(\.item)) {
            let ranking = model.rank([HistoryEntry(item: item)], limit: 400, includesHistory: true)
            #expect(part(.als, of: ranking.first { $0.item == item }) > 0, "\(item), \(random)")
        }
    }

    /// Who asks for one part gets it, though it was learnt to count nothing.
    @Test func whereNothingIsLeftOfWhatWasLearntThePartsThatAreNamedCount() {
        let none = Algorithm.allCases.reduce(into: [Algorithm: Float]()) { $0[$1] = 0 }
        let alone = none.merging([.itemNeighbors: 2]) { $1 }
        let ranking = model.rank(history, limit: 4, multipliers: alone)
        #expect(ranking.allSatisfy { $0.contributions.map(\.algorithm) == [.itemNeighbors] }, "\(random)")
        #expect(ranking.map(\.item) == model.rank(history, limit: 4, by: .itemNeighbors).map(\.item), "\(random)")
    }

    @Test func theContributionsMakeUpTheScore() {
        for entry in model.rank(history, limit: 20) {
            let sum = entry.contributions.reduce(0) { $0 + $1.score }
            #expect(abs(sum - entry.score) < 0.0001, "\(random)")
            #expect(!entry.contributions.isEmpty, "\(random)")
            let scores = entry.contributions.map(\.score)
            #expect(scores == scores.sorted(by: >), "\(random)")
        }
    }

    @Test(arguments: Algorithm.allCases) func ranksByOneAlgorithmAlone(algorithm: Algorithm) {
        let ranking = model.rank(history, limit: 3, by: algorithm, content: sample.content)
        #expect(ranking.count == 3, "\(random)")
        #expect(ranking.allSatisfy { $0.contributions.map(\.algorithm) == [algorithm] }, "\(random)")
        guard ![.popular, .trending].contains(algorithm) else { return }
        #expect(ranking.allSatisfy { sample.items(ofGroup: 1).contains($0.item) }, "\(random)")
    }

    @Test func ranksWhatNobodyChoseByWhatItIsLike() throws {
        var random = SeededRandom.fresh()
        // So many items that what people chose together says little of them.
        let (groups, size) = (10, 40)
        let rows = (0..<100).map { person in
            (0..<size).shuffled(using: &random).prefix(4).map { HistoryEntry(item: Int32(person % groups * size + $0)) }
        }
        // One more of each group, which nobody chose.
        let count = groups * size + groups
        let content = ContentModel(
            (0..<count).map { item in
                let group = item < groups * size ? item / size : item - groups * size
                return [ItemFeature(UInt64(group), 1), ItemFeature(UInt64(groups + item % 7), 0.2)]
            })
        let model = try HybridTraining.train(
            InteractionMatrix(itemCount: count, rows: rows), content: content, settings: SampleInteractions.settings)
        for group in 0..<groups {
            let history = (0..<2).map { HistoryEntry(item: Int32(group * size + $0)) }
            let new = Int32(groups * size + group)
            let found = model.rank(history, limit: 60, content: content).first { $0.item == new }
            #expect(part(.content, of: found) > 0, "\(random)")
            #expect(
                !model.rank(history, limit: 60).contains { $0.item == new && part(.content, of: $0) > 0 }, "\(random)")
            let best = model.rank(history, limit: 5, content: content).map { Int($0.item) }
            #expect(best.count { $0 / size == group || $0 == new } >= 4, "\(random)")
        }
    }

    @Test func passesOverItemsThatAModelIsTooOldFor() throws {
        var random = SeededRandom.fresh()
        let newer = SampleInteractions(people: 20, using: &random, unchosen: 50)
        for algorithm in [nil, .content] as [Algorithm?] {
            let ranking = model.rank(history, limit: 100, by: algorithm, content: newer.content)
            #expect(ranking.allSatisfy { $0.item < model.itemCount }, "\(random)")
        }
    }

    @Test func countsAnAlgorithmLessWhenItIsAskedTo() {
        let others = Algorithm.allCases.filter { $0 != .popular }
        let ranking = model.rank(
            history, limit: 5, multipliers: Dictionary(uniqueKeysWithValues: others.map { ($0, 0) }))
        #expect(ranking.allSatisfy { $0.contributions.map(\.algorithm) == [.popular] }, "\(random)")
        let half = model.rank(history, limit: 1, multipliers: [.transitions: 0.5]).first
        let full = model.rank(history, limit: 1).first
        #expect(half?.item == full?.item, "\(random)")
        #expect(part(.transitions, of: full) > 0, "\(random)")
        #expect(abs(part(.transitions, of: half) * 2 - part(.transitions, of: full)) < 0.0001, "\(random)")
    }

    @Test func countsAnAlgorithmThatWasLearntToCountNothingWhenItAloneIsAskedFor() {
        let others = Algorithm.allCases.filter { $0 != .itemNeighbors }
        var multipliers = Dictionary(uniqueKeysWithValues: others.map { ($0, Float(0)) })
        multipliers[.itemNeighbors] = 2
        let ranking = model.rank(history, limit: 3, multipliers: multipliers)
        #expect(ranking.count == 3, "\(random)")
        #expect(ranking.allSatisfy { $0.contributions.map(\.algorithm) == [.itemNeighbors] }, "\(random)")
        #expect(ranking.map(\.item) == model.rank(history, limit: 3, by: .itemNeighbors).map(\.item), "\(random)")
        // Nothing at all is asked for: what is popular is all that is left.
        multipliers[.itemNeighbors] = 0
        let nothing = model.rank(history, limit: 3, multipliers: multipliers)
        #expect(nothing.allSatisfy { $0.contributions.map(\.algorithm) == [.popular] }, "\(random)")
    }

    private func part(_ algorithm: Algorithm, of entry: RankedItem?) -> Float {
        entry?.contributions.first { $0.algorithm == algorithm }?.score ?? 0
    }

    @Test func asksWhetherAnItemIsAllowed() {
        let allowed = Set<Int32>([17, 20, 40, 41])
        let ranking = model.rank(history, limit: 10) { allowed.contains($0) }
        #expect(Set(ranking.map(\.item)) == allowed, "\(random)")
        #expect(Set(ranking.prefix(2).map(\.item)) == [17, 20], "\(random)")
        var asked = 0
        _ = model.rank(history, limit: 1) { _ in
            asked += 1
            return true
        }
        #expect(asked <= 20, "the best are asked for, not all of them")
    }

    @Test(arguments: [[], [9999], [-1]] as [[Int32]]) func aStrangerGetsWhatIsPopular(items: [Int32]) {
        let history = items.map { HistoryEntry(item: $0) }
        #expect(model.rank(history, limit: 5, by: .popular).map(\.item) == model.popularity.ranking(limit: 5))
        #expect(model.rank(history, limit: 5, by: .als).map(\.item) == model.popularity.ranking(limit: 5))
        let ranking = model.rank(history, limit: 100)
        #expect(ranking.count == model.itemCount, "\(random)")
        #expect(ranking.allSatisfy { $0.score > 0 }, "\(random)")
    }

    @Test func aHistoryMayBeLongAndForeign() {
        let long = (0..<100_000).map { HistoryEntry(item: Int32($0 % 100), weight: Float($0 % 7)) }
        #expect(model.rank(long, limit: 5).isEmpty)
        let foreign = [HistoryEntry(item: 9999), HistoryEntry(item: -3)]
        #expect(model.rank(history + foreign, limit: 5) == model.rank(history, limit: 5), "\(random)")
        let huge = [HistoryEntry(item: 14, weight: .greatestFiniteMagnitude), HistoryEntry(item: 15)]
        #expect(model.rank(huge, limit: 5).allSatisfy { $0.score.isFinite || $0.score == .infinity })
    }

    @Test func threadsMayRankAtOnce() async {
        let expected = model.rank(history, limit: 10)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<50).allSatisfy { _ in model.rank(history, limit: 10) == expected }
                }
            }
            for await isSame in group { #expect(isSame) }
        }
    }
}
