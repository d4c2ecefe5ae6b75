import Learning
import Testing

@Suite struct InteractionMatrixTests {
    @Test func leavesOutWhatIsNoEntry() {
        let row = [
            HistoryEntry(item: 2, weight: 0.5), HistoryEntry(item: 3), HistoryEntry(item: -1),
            HistoryEntry(item: 0, weight: 0), HistoryEntry(item: 1, weight: -1), HistoryEntry(item: 0, weight: .nan),
            HistoryEntry(item: 1, weight: .infinity), HistoryEntry(item: 1),
        ]
        let matrix = InteractionMatrix(itemCount: 3, rows: [[], row])
        #expect(matrix.rowCount == 2)
        #expect(matrix.history(ofRow: 0).isEmpty)
        #expect(matrix.history(ofRow: 1) == [HistoryEntry(item: 2, weight: 0.5), HistoryEntry(item: 1)])
    }
}
