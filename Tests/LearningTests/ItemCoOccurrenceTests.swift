import Foundation
import Learning
import TestKit
import Testing

@Suite struct ItemCoOccurrenceTests {
    @Test(arguments: [PairStrength(), PairStrength(sourceExponent: 1, targetExponent: 0.2, shrinkage: 3)])
    func countsPairsOfTheRows(strength: PairStrength) throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 80, items: 12, longest: 9, using: &random, weights: 0.5...4)
        let table = try ItemCoOccurrence(matrix).neighbors([strength], limit: 12)[0]
        let cells = DenseMatrix(matrix) { $0.squareRoot() }
        let counts = cells.transposed * cells
        for item in 0..<12 {
            for other in 0..<12 {
                let expected = strength(counts[item, other], counts[item, item], counts[other, other])
                let difference = table.weight(of: other, for: item) - (item == other ? 0 : expected)
                #expect(abs(difference) < 0.0001, "\(item), \(other), \(random)")
            }
        }
    }

    @Test func makesATableForEachStrength() throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 300, items: 200, longest: 9, using: &random)
        let strengths = [PairStrength(), PairStrength(shrinkage: 0), PairStrength(targetExponent: 1)]
        let together = try ItemCoOccurrence(matrix).neighbors(strengths, limit: 4, pace: TrainingPace(threads: 2))
        for (strength, table) in zip(strengths, together) {
            let alone = try ItemCoOccurrence(matrix).neighbors([strength], limit: 4)[0]
            #expect((0..<200).allSatisfy { table.neighbors(of: $0).map(\.item) == alone.neighbors(of: $0).map(\.item) })
            #expect((0..<200).allSatisfy { table.neighbors(of: $0).count <= 4 })
            #expect((0..<200).contains { table.neighbors(of: $0).count == 4 })
        }
    }

    @Test func keepsTheStrongestNeighbors() throws {
        // Item 0 stands with item n in n rows.
        let rows = (1..<40).flatMap { item in
            Array(repeating: [HistoryEntry(item: 0), HistoryEntry(item: Int32(item))], count: item)
        }
        let strength = PairStrength(sourceExponent: 1, targetExponent: 0, shrinkage: 0)
        let table = try ItemCoOccurrence(InteractionMatrix(itemCount: 40, rows: rows.reversed()))
            .neighbors([strength], limit: 3)[0]
        #expect(table.neighbors(of: 0).map(\.item) == [39, 38, 37])
    }

    @Test func looksAtTheLatestItemsOfARow() throws {
        let rows = [(0..<100_000).map { HistoryEntry(item: Int32($0)) }]
        let table = try ItemCoOccurrence(InteractionMatrix(itemCount: 100_000, rows: rows), rowLimit: 30)
            .neighbors([PairStrength()], limit: 50)[0]
        #expect(table.neighbors(of: 99_969).isEmpty)
        #expect(table.neighbors(of: 99_970).count == 29)
    }

    @Test func takesWhatIsHardlyThere() throws {
        let empty: [[HistoryEntry]] = []
        let none = InteractionMatrix(itemCount: 0, rows: empty)
        #expect(try ItemCoOccurrence(none).neighbors([PairStrength()], limit: 5)[0].rowCount == 0)
        let same = InteractionMatrix(itemCount: 2, rows: Array(repeating: [HistoryEntry(item: 1)], count: 9))
        let table = try ItemCoOccurrence(same).neighbors([PairStrength(shrinkage: 0)], limit: 5)[0]
        #expect(table.items.isEmpty)
    }
}

extension PairStrength {
    /// The formula of the strength, in numbers of twice the precision.
    func callAsFunction(_ count: Double, _ source: Double, _ target: Double) -> Double {
        let sourcePower = pow(source + Double(smoothing), Double(sourceExponent))
        let targetPower = pow(target + Double(smoothing), Double(targetExponent))
        return count / (sourcePower * targetPower + Double(shrinkage))
    }
}
