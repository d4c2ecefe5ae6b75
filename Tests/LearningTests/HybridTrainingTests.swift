import Core
import Learning
import Synchronization
import TestKit
import Testing

@Suite struct HybridTrainingTests {
    private let settings = SampleInteractions.settings

    @Test func theOutcomeDependsOnTheSeedAlone() throws {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 150, using: &random)
        let one = try HybridTraining.train(sample.matrix, settings: settings)
        let many = try HybridTraining.train(sample.matrix, settings: settings, pace: TrainingPace(threads: 3))
        #expect(one.bytes == many.bytes, "\(random)")
        var other = settings
        other.seed += 1
        #expect(try HybridTraining.train(sample.matrix, settings: other).bytes != one.bytes, "\(random)")
    }

    @Test func learnsWhichAlgorithmIsRight() throws {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 300, using: &random)
        let model = try HybridTraining.train(sample.matrix, settings: settings)
        let weights = model.weights(isReturning: false)
        // The next item of a group is what follows, and everything is as popular as everything else.
        #expect(weights[.transitions] ?? 0 > 5 * (weights[.popular] ?? 0), "\(weights), \(random)")
    }

    @Test func unlearnsWhatIsWrong() throws {
        var random = SeededRandom.fresh()
        // Everybody takes a few items without any order.
        let rows = (0..<300).map { _ in
            (0..<40).shuffled(using: &random).prefix(5).map { HistoryEntry(item: Int32($0)) }
        }
        let model = try HybridTraining.train(InteractionMatrix(itemCount: 40, rows: rows), settings: settings)
        let weights = model.weights(isReturning: false)
        #expect(weights[.transitions] ?? 0 < 8, "11 without any choices: \(weights), \(random)")
        #expect(weights[.itemNeighbors] == 0)
    }

    @Test func recommendsWhatIsTrendingThoughItIsNotPopular() throws {
        func rows(_ items: Range<Int32>, times: Int, at start: Int64) -> [[HistoryEntry]] {
            (0..<times).flatMap { turn in
                items.map { item in
                    let second = start + Int64(turn) * 1000 + Int64(item)
                    return [HistoryEntry(item: item, time: Timestamp(microseconds: second * 1_000_000))]
                }
            }
        }
        let matrix = InteractionMatrix(
            itemCount: 200, rows: rows(0..<150, times: 8, at: 0) + rows(190..<191, times: 6, at: 10_000))
        var settings = settings
        settings.iterations = 1
        let model = try HybridTraining.train(matrix, settings: settings)
        #expect(model.rank([], limit: 1, by: .trending).map(\.item) == [190])
        #expect(!model.popularity.ranking(limit: 100).contains(190))
    }

    @Test func whoComesBackHasWeightsOfTheirOwn() throws {
        var random = SeededRandom.fresh()
        // Everybody walks through a group, and some come back a day later for what is popular then, as others do too.
        let day = Int64(86_400)
        func entry(_ item: Int, _ second: Int64) -> HistoryEntry {
            HistoryEntry(item: Int32(item), time: Timestamp(microseconds: second * 1_000_000))
        }
        let rows = (0..<300).flatMap { person -> [[HistoryEntry]] in
            let (group, start) = (Int.random(in: 0..<6, using: &random), Int.random(in: 0..<12, using: &random))
            let morning = Int64(person) * 600
            let walk = (0..<6).map { entry(group * 12 + (start + $0) % 12, morning + Int64($0 * 60)) }
            let popular = (0..<2).map { _ in 72 + person / 50 * 3 + Int.random(in: 0..<3, using: &random) }
            let back = person % 2 == 0 ? [entry(popular[0], morning + day)] : []
            return [walk + back, [entry(popular[1], morning + day - 60)]]
        }
        let model = try HybridTraining.train(InteractionMatrix(itemCount: 90, rows: rows), settings: settings)
        let (going, back) = (model.weights(isReturning: false), model.weights(isReturning: true))
        #expect(back[.trending] ?? 0 > (going[.trending] ?? 0) + 1, "\(going), \(back), \(random)")
        // Had nothing been learnt of it, it would count what is taken without any choices: 6 and 4.
        #expect(back[.trending] != 10, "\(back), \(random)")
        let end = Timestamp(microseconds: (300 * 600 + day) * 1_000_000)
        let history = [HistoryEntry(item: 0, time: end), HistoryEntry(item: 1, time: end)]
        #expect(model.rank(history, limit: 1, at: end.advanced(bySeconds: 60)).first?.item == 2, "\(random)")
        #expect(model.rank(history, limit: 1).first?.item == 2, "\(random)")
        let later = model.rank(history, limit: 3, at: end.advanced(bySeconds: day))
        #expect(later.contains { $0.item >= 72 }, "\(random)")
    }

    @Test(arguments: [0, 1, 5, 30]) func takesWhatIsHardlyThere(people: Int) throws {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: people, using: &random, hasTimes: people != 5)
        let model = try HybridTraining.train(sample.matrix, settings: settings)
        let ranking = model.rank([HistoryEntry(item: 0)], limit: 5)
        #expect(ranking.isEmpty == (people == 0), "\(random)")
        #expect(try HybridModel(bytes: model.bytes).bytes == model.bytes)
    }

    @Test func takesMatricesOfOneItemAndOfNone() throws {
        let empty: [[HistoryEntry]] = []
        let none = try HybridTraining.train(InteractionMatrix(itemCount: 0, rows: empty), settings: settings)
        #expect(none.rank([HistoryEntry(item: 0)], limit: 5).isEmpty)
        let same = Array(repeating: [HistoryEntry(item: 0)], count: 200)
        let one = try HybridTraining.train(InteractionMatrix(itemCount: 1, rows: same), settings: settings)
        #expect(one.rank([], limit: 5).map(\.item) == [0])
        #expect(one.rank([HistoryEntry(item: 0)], limit: 5).isEmpty)
        let pairs = Array(repeating: [HistoryEntry(item: 3), HistoryEntry(item: 1)], count: 200)
        let two = try HybridTraining.train(InteractionMatrix(itemCount: 9, rows: pairs), settings: settings)
        #expect(two.rank([HistoryEntry(item: 3)], limit: 5).map(\.item) == [1])
    }

    @Test func aUserMayHaveManyItems() throws {
        let long = (0..<10_000).map { HistoryEntry(item: Int32($0)) }
        let rows = [long] + (0..<60).map { [HistoryEntry(item: $0), HistoryEntry(item: $0 + 1)] }
        var settings = settings
        settings.easeItemLimit = 100
        settings.iterations = 1
        settings.factors = 2
        let model = try HybridTraining.train(InteractionMatrix(itemCount: 10_000, rows: rows), settings: settings)
        #expect(model.rank([HistoryEntry(item: 30)], limit: 1).count == 1)
    }

    @Test func beginsWithTheFactorsOfBefore() throws {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 20, using: &random)
        let first = try HybridTraining.train(sample.matrix, settings: settings)
        let asked = Mutex<Set<Int32>>([])
        _ = try HybridTraining.train(
            sample.matrix, settings: settings,
            earlier: { item in
                asked.withLock { _ = $0.insert(item) }
                return first.factors?.factors(ofItem: item)
            })
        #expect(asked.withLock { $0.count } == sample.matrix.itemCount)
    }

    @Test func pausesOftenAndEndsWhenItIsTold() throws {
        struct End: Error {}
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 150, using: &random)
        let pauses = Mutex(0)
        _ = try HybridTraining.train(
            sample.matrix, settings: settings, pace: TrainingPace(threads: 2) { pauses.withLock { $0 += 1 } })
        let count = pauses.withLock { $0 }
        #expect(count > 500)
        for last in [1, count / 4, count / 2, count - 5] {
            let rest = Mutex(last)
            let pace = TrainingPace {
                let isOver = rest.withLock { rest in
                    rest -= 1
                    return rest < 0
                }
                if isOver { throw End() }
            }
            #expect(throws: End.self, "\(last) of \(count)") {
                try HybridTraining.train(sample.matrix, settings: settings, pace: pace)
            }
        }
    }
}
