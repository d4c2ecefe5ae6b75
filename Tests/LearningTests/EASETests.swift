import Core
import Learning
import TestKit
import Testing

@Suite struct EASETests {
    @Test func givesTheClosedForm() throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 50, items: 8, longest: 8, using: &random, weights: 0.5...4)
        let table = try EASE(matrix).neighbors(regularization: 3, limit: 8)
        let cells = DenseMatrix(matrix) { $0.squareRoot() }
        let inverse = (cells.transposed * cells).adding(toDiagonal: 3).inverse
        for item in 0..<8 {
            #expect(table.weight(of: item, for: item) == 0)
            for other in 0..<8 where other != item {
                let expected = -inverse[item, other] / inverse[other, other]
                #expect(abs(table.weight(of: other, for: item) - expected) < 0.001, "\(item), \(other), \(random)")
            }
        }
    }

    @Test func looksAtThePopularItemsAndTheirStrongestNeighbors() throws {
        let rows = (0..<40).map { row in
            (row % 3 == 0 ? [5, 1, 3] : [1, 3]).map { HistoryEntry(item: $0) } + (row == 0 ? [.init(item: 0)] : [])
        }
        let matrix = InteractionMatrix(itemCount: 7, rows: rows)
        let learnt = try EASE(matrix, itemLimit: 3, pace: TrainingPace(threads: 2))
        #expect(learnt.items == [1, 3, 5])
        let table = try learnt.neighbors(regularization: 1, limit: 1)
        #expect(table.rowCount == 7)
        #expect(table.neighbors(of: 1).map(\.item) == [3])
        #expect([0, 2, 4, 6].allSatisfy { table.neighbors(of: $0).isEmpty })
    }

    @Test func looksAtTheLatestItemsOfARow() throws {
        let rows = Array(repeating: [0, 1, 2].map { HistoryEntry(item: $0) }, count: 5)
        let table = try EASE(InteractionMatrix(itemCount: 3, rows: rows), rowLimit: 2)
            .neighbors(regularization: 1, limit: 3)
        #expect(table.neighbors(of: 0).isEmpty)
        #expect(table.neighbors(of: 1).map(\.item) == [2])
    }

    @Test func takesWhatIsHardlyThere() throws {
        let empty: [[HistoryEntry]] = [[], []]
        let none = try EASE(InteractionMatrix(itemCount: 3, rows: empty)).neighbors(regularization: 1, limit: 5)
        #expect(none.rowCount == 3)
        #expect(none.items.isEmpty)
        let nothing = try EASE(InteractionMatrix(itemCount: 0, rows: empty)).neighbors(regularization: 1, limit: 5)
        #expect(nothing.rowCount == 0)
        let same = InteractionMatrix(itemCount: 1, rows: Array(repeating: [HistoryEntry(item: 0)], count: 9))
        #expect(try EASE(same).neighbors(regularization: 1, limit: 5).items.isEmpty)
    }

    @Test func saysWhenThereIsNoInverse() throws {
        let rows = Array(repeating: [0, 1].map { HistoryEntry(item: $0) }, count: 4)
        let learnt = try EASE(InteractionMatrix(itemCount: 2, rows: rows))
        #expect(throws: Failure.self) { try learnt.neighbors(regularization: 0, limit: 2) }
    }

    @Test func endsWhenItIsTold() throws {
        struct End: Error {}
        let rows = Array(repeating: [0, 1].map { HistoryEntry(item: $0) }, count: 4)
        let pace = TrainingPace(threads: 2) { throw End() }
        #expect(throws: End.self) { try EASE(InteractionMatrix(itemCount: 2, rows: rows), pace: pace) }
    }
}
