import Core
import Learning
import TestKit
import Testing

@Suite struct HybridModelBytesTests {
    private let model: HybridModel
    private var random: SeededRandom

    /// Trained once for all tests: they only ask it.
    private static let trained = Result {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 80, groups: 3, itemsOfAGroup: 6, using: &random)
        return (try HybridTraining.train(sample.matrix, settings: SampleInteractions.settings), random)
    }

    init() throws {
        (model, random) = try Self.trained.get()
    }

    @Test func isTheSameModelAgain() throws {
        let again = try HybridModel(bytes: model.bytes)
        let history = [HistoryEntry(item: 1), HistoryEntry(item: 2)]
        for algorithm in Algorithm.allCases {
            #expect(again.rank(history, limit: 9, by: algorithm) == model.rank(history, limit: 9, by: algorithm))
        }
        for isReturning in [false, true] {
            #expect(again.weights(isReturning: isReturning) == model.weights(isReturning: isReturning))
        }
        #expect(again.returnGap == model.returnGap)
        #expect(again.historyLimit == model.historyLimit)
        #expect(again.bytes == model.bytes)
        #expect(again.sizeInBytes == model.sizeInBytes)
    }

    @Test func refusesBytesThatAreCutOff() {
        let bytes = model.bytes
        for length in Array(0..<200) + stride(from: 200, to: bytes.count, by: 37) {
            #expect(throws: Failure.self, "\(length) of \(bytes.count)") {
                try HybridModel(bytes: Array(bytes[..<length]))
            }
        }
        #expect(throws: Failure.self) { try HybridModel(bytes: bytes + [0]) }
    }

    /// Whatever the bytes are, reading them throws, or makes a model that ranks without a crash.
    @Test mutating func nonsenseIsReadWithoutACrash() {
        let bytes = model.bytes
        for _ in 0..<400 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                broken[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let read = try? HybridModel(bytes: broken) else { continue }
            let ranking = read.rank([HistoryEntry(item: 1), HistoryEntry(item: 2)], limit: 5)
            #expect(ranking.count <= 5, "\(random)")
        }
    }

    @Test func sizeIsThatOfTheLists() throws {
        let rows = [[HistoryEntry(item: 0), HistoryEntry(item: 1)]]
        let large = try HybridTraining.train(
            InteractionMatrix(itemCount: 2000, rows: rows), settings: SampleInteractions.settings)
        for model in [model, large] {
            // What stands in the bytes beside the lists is some lengths and settings. What is popular and what is
            // trending in two windows is not there on the scale of features, and neither is the ranking of the popular.
            let difference = abs(model.sizeInBytes - model.bytes.count - 4 * 4 * model.itemCount)
            #expect(difference < 500, "\(model.sizeInBytes) and \(model.bytes.count)")
        }
    }
}
