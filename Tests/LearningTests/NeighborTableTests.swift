import Learning
import Testing

@Suite struct NeighborTableTests {
    private let table = NeighborTable(
        rows: [[(1, 0.25), (2, -1), (3, 0.5)], [], [(0, 4), (1, 1)], [(2, 0.001)]], limit: 2)

    @Test func keepsTheStrongestOfARow() {
        #expect(table.neighbors(of: 0).map(\.item) == [2, 3])
        #expect(abs((table.neighbors(of: 0).first?.weight ?? 0) + 1) < 0.0001)
        #expect(table.neighbors(of: 1).isEmpty)
        #expect(table.neighbors(of: 9).isEmpty)
        #expect(table.rowCount == 4)
    }

    @Test func keepsSmallWeightsAsExactlyAsLargeOnes() {
        let weight = table.neighbors(of: 3).first?.weight ?? 0
        #expect(abs(weight - 0.001) < 0.000_001)
    }

    @Test func knowsTheWeightOfOneNeighbor() {
        #expect(abs(table.weight(of: 3, from: 0) - 0.5) < 0.0001)
        #expect(
            table.weight(of: 1, from: 0) == 0 && table.weight(of: 0, from: 1) == 0 && table.weight(of: 0, from: 9) == 0)
    }

    @Test func addsWhatFollowsFromAHistory() {
        var scores = ScoreAccumulator(itemCount: 4)
        table.add([HistoryEntry(item: 0, weight: 2), HistoryEntry(item: 2), HistoryEntry(item: 7)], to: &scores)
        #expect(Set(scores.touched) == [0, 1, 2, 3])
        #expect(abs(scores[2] + 2) < 0.001)
        #expect(abs(scores[0] - 4) < 0.001)
        scores.clear()
        #expect(scores.touched.isEmpty)
        #expect(scores[0] == 0)
    }

    @Test func takesAnyWeights() {
        let rows: [[(item: Int32, weight: Float)]] = [
            [(1, .nan), (2, .infinity), (3, 1)], [(0, .leastNonzeroMagnitude)], [(0, 1.2e-38), (1, -1e-38)],
            [(0, .greatestFiniteMagnitude), (1, 1)],
        ]
        let table = NeighborTable(rows: rows, limit: 5)
        #expect(table.neighbors(of: 0).map(\.item) == [3])
        #expect((0..<4).allSatisfy { table.neighbors(of: $0).allSatisfy { $0.weight.isFinite } })
    }
}
