import Learning
import TestKit

/// A small matrix of all of its numbers, with which the tests work out again what the room learns in other ways.
struct DenseMatrix {
    let rows: Int
    let columns: Int
    var values: [Double]

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        values = Array(repeating: 0, count: rows * columns)
    }

    /// The cells of interactions, each changed in some way.
    init(_ matrix: InteractionMatrix, of cell: (Double) -> Double = { $0 }) {
        self.init(rows: matrix.rowCount, columns: matrix.itemCount)
        for row in 0..<rows {
            for entry in matrix.history(ofRow: row) { self[row, Int(entry.item)] = cell(Double(entry.weight)) }
        }
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    var transposed: DenseMatrix {
        var result = DenseMatrix(rows: columns, columns: rows)
        for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
        return result
    }

    static func * (left: DenseMatrix, right: DenseMatrix) -> DenseMatrix {
        var result = DenseMatrix(rows: left.rows, columns: right.columns)
        for row in 0..<left.rows {
            for column in 0..<right.columns {
                result[row, column] = (0..<left.columns).reduce(0) { $0 + left[row, $1] * right[$1, column] }
            }
        }
        return result
    }

    /// The matrix with a number added to its diagonal.
    func adding(toDiagonal number: Double) -> DenseMatrix {
        var result = self
        for index in 0..<rows { result[index, index] += number }
        return result
    }

    /// The inverse, by the elimination of Gauss and Jordan.
    var inverse: DenseMatrix {
        var left = self
        var right = DenseMatrix(rows: rows, columns: rows).adding(toDiagonal: 1)
        for pivot in 0..<rows {
            let best = (pivot..<rows).max { abs(left[$0, pivot]) < abs(left[$1, pivot]) } ?? pivot
            for column in 0..<rows {
                (left[pivot, column], left[best, column]) = (left[best, column], left[pivot, column])
                (right[pivot, column], right[best, column]) = (right[best, column], right[pivot, column])
            }
            let divisor = left[pivot, pivot]
            for column in 0..<rows {
                left[pivot, column] /= divisor
                right[pivot, column] /= divisor
            }
            for row in 0..<rows where row != pivot {
                let factor = left[row, pivot]
                for column in 0..<rows {
                    left[row, column] -= factor * left[pivot, column]
                    right[row, column] -= factor * right[pivot, column]
                }
            }
        }
        return right
    }
}

extension InteractionMatrix {
    /// Rows of random items with random weights, among them some that are empty.
    static func random(
        rows: Int, items: Int, longest: Int, using random: inout SeededRandom, weights: ClosedRange<Float> = 1...1
    ) -> InteractionMatrix {
        InteractionMatrix(
            itemCount: items,
            rows: (0..<rows).map { _ in
                (0..<Int32(items)).shuffled(using: &random).prefix(Int.random(in: 0...longest, using: &random)).map {
                    HistoryEntry(item: $0, weight: Float.random(in: weights, using: &random))
                }
            })
    }
}

extension NeighborTable {
    /// The weight of an item among the neighbours of another; 0 when it is none of them.
    func weight(of item: Int, for other: Int) -> Double {
        Double(neighbors(of: Int32(other)).first { $0.item == Int32(item) }?.weight ?? 0)
    }
}
