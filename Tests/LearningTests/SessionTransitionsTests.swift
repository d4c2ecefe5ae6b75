import Foundation
import Learning
import TestKit
import Testing

@Suite struct SessionTransitionsTests {
    @Test(arguments: [0, 0.5] as [Float]) func countsWhatIsAroundByItsDistance(backwardShare: Float) throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 60, items: 9, longest: 9, using: &random, weights: 0.5...4)
        let strength = PairStrength(sourceExponent: 0.8, targetExponent: 0.3, shrinkage: 2, smoothing: 1.5)
        let table = try SessionTransitions(matrix)
            .neighbors([strength], window: 3, backwardShare: backwardShare, limit: 9)[0]
        var counts = DenseMatrix(rows: 9, columns: 9)
        for row in 0..<matrix.rowCount {
            let history = matrix.history(ofRow: row)
            for (place, entry) in history.enumerated() {
                for (distance, next) in history.dropFirst(place + 1).prefix(3).enumerated() {
                    let count = Double(entry.weight * next.weight).squareRoot() / Double(distance + 1)
                    counts[Int(entry.item), Int(next.item)] += count
                    counts[Int(next.item), Int(entry.item)] += Double(backwardShare) * count
                }
            }
        }
        for item in 0..<9 {
            for other in 0..<9 {
                let expected = strength(
                    counts[item, other], (0..<9).reduce(0) { $0 + counts[item, $1] },
                    (0..<9).reduce(0) { $0 + counts[$1, other] })
                #expect(abs(table.weight(of: other, for: item) - expected) < 0.0001, "\(item), \(other), \(random)")
            }
        }
    }

    @Test func takesWhatIsHardlyThere() throws {
        let rows = [[], [HistoryEntry(item: 0)]]
        let table = try SessionTransitions(InteractionMatrix(itemCount: 2, rows: rows))
            .neighbors([PairStrength()], limit: 5)[0]
        #expect(table.rowCount == 2)
        #expect(table.items.isEmpty)
    }
}
