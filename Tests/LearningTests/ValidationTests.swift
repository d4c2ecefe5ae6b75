import Core
import TestKit
import Testing

@testable import Learning

@Suite struct ValidationTests {
    private func entry(_ item: Int32, _ second: Int64) -> HistoryEntry {
        HistoryEntry(item: item, time: Timestamp(microseconds: second * 1_000_000))
    }

    @Test func holdsTheLatestItemOut() {
        var random = SeededRandom.fresh()
        let matrix = SampleInteractions(people: 60, using: &random).matrix
        let validation = Validation(matrix, count: 12, returnGap: 3600, seed: 1)
        #expect(validation.continuing.count == 12)
        #expect(validation.returning.isEmpty)
        #expect(validation.training.rowCount == 60)
        #expect(validation.training.items.count == matrix.items.count - 12)
        let moments = validation.continuing.compactMap(\.moment)
        #expect(moments == moments.sorted())
        for choice in validation.continuing {
            let row = (0..<60).first { matrix.history(ofRow: $0).last?.time == choice.moment } ?? 0
            let history = matrix.history(ofRow: row)
            #expect(choice.history == history.dropLast(), "\(random)")
            #expect(choice.target == history.last?.item, "\(random)")
            #expect(validation.training.history(ofRow: row) == choice.history, "\(random)")
            #expect(row >= 40, "of the third who were active last; \(random)")
        }
    }

    @Test func holdsOutWithWhatSomebodyCameBack() {
        let rows = [
            [entry(0, 0), entry(1, 10), entry(2, 5000), entry(3, 5010)],
            [entry(4, 0), entry(5, 4000), entry(6, 9000)],
            [entry(0, 0), entry(1, 3600)],
            [entry(2, 0)],
        ]
        let validation = Validation(
            InteractionMatrix(itemCount: 7, rows: rows), count: 9, returnGap: 3600, seed: 1)
        #expect(validation.returning.map(\.target) == [2, 6])
        #expect(validation.returning.map(\.history) == [Array(rows[0].prefix(2)), Array(rows[1].prefix(2))])
        #expect(validation.continuing.map(\.target) == [1])
        let left = (0..<4).map { validation.training.history(ofRow: $0) }
        #expect(left == [Array(rows[0].prefix(2)), Array(rows[1].prefix(2)), [rows[2][0]], rows[3]])
    }

    @Test func whoWasHeldOutForAReturnIsNotHeldOutAgain() {
        let rows = [[entry(0, 0), entry(1, 5000), entry(2, 5010)]]
        let validation = Validation(
            InteractionMatrix(itemCount: 3, rows: rows), count: 9, returnGap: 3600, seed: 1)
        #expect(validation.returning.map(\.target) == [1])
        #expect(validation.continuing.isEmpty)
    }

    @Test func aReturnIsNeverTakenForWhatGoesOn() {
        let rows = (0..<3).map { row in [entry(0, 0), entry(1, 5000 + row)] }
        let validation = Validation(
            InteractionMatrix(itemCount: 3, rows: rows), count: 1, returnGap: 3600, seed: 1)
        #expect(validation.returning.count == 1)
        #expect(validation.continuing.isEmpty)
    }

    @Test func doesWithoutTimes() {
        let rows = (0..<9).map { row in [HistoryEntry(item: Int32(row)), HistoryEntry(item: Int32(row) + 1)] }
        let validation = Validation(
            InteractionMatrix(itemCount: 10, rows: rows), count: 3, returnGap: 3600, seed: 1)
        #expect(validation.continuing.map(\.target) == [7, 8, 9])
        #expect(validation.continuing.allSatisfy { $0.moment == nil })
    }
}
