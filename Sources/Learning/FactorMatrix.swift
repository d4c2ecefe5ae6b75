import CKernels

/// The factors of all users or of all items, a row for each.
struct FactorMatrix: Sendable, Hashable {
    /// How many rows are done between two pauses.
    private static let portion = 4096

    let factors: Int
    var values: [Float]

    init(rows: Int, factors: Int) {
        self.factors = factors
        values = Array(repeating: 0, count: rows * factors)
    }

    init(factors: Int, values: [Float]) {
        self.factors = factors
        self.values = values
    }

    var rowCount: Int { values.count / factors }

    /// The factors of a row.
    subscript(row: Int32) -> ArraySlice<Float> { values[Int(row) * factors..<(Int(row) + 1) * factors] }

    /// The sums of the products of each two columns, by rows.
    func gramMatrix(pace: TrainingPace = TrainingPace()) throws -> [Float] {
        var gram = [Float](repeating: 0, count: factors * factors)
        let addProducts = vector_kernels_in_use().pointee.add_products
        try values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for start in stride(from: 0, to: rowCount, by: Self.portion) {
                try pace.pause()
                addProducts(base + start * factors, min(Self.portion, rowCount - start), factors, &gram)
            }
        }
        for row in 0..<factors {
            for column in 0..<row { gram[column * factors + row] = gram[row * factors + column] }
        }
        return gram
    }

    /// Turns all rows to the axes in which the Gram matrix is diagonal, and returns its diagonal. Products of rows stay
    /// as they are, so whoever is solved for them afterwards fits them.
    mutating func diagonalize(pace: TrainingPace = TrainingPace()) throws -> [Float] {
        var axes = try gramMatrix(pace: pace)
        guard let diagonal = LinearAlgebra.findAxes(of: &axes, order: factors) else {
            return Array(repeating: 0, count: factors)
        }
        let (factors, rows) = (factors, rowCount)
        let dot = vector_kernels_in_use().pointee.dot_float
        try values.withUnsafeMutableBufferPointer { values in
            try axes.withUnsafeBufferPointer { axes in
                guard let base = values.baseAddress, let axis = axes.baseAddress else { return }
                try pace.divide(rows, portion: Self.portion) { _, portion in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: factors) { turned in
                        guard let target = turned.baseAddress else { return }
                        for row in portion {
                            let source = base + row * factors
                            for factor in 0..<factors { target[factor] = dot(source, axis + factor * factors, factors) }
                            source.update(from: target, count: factors)
                        }
                    }
                }
            }
        }
        return diagonal.map { max(0, $0) }
    }
}
