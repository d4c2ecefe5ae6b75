import CKernels

/// Finds the factors of one row while those of all columns stand still: weighted ridge regression, exact.
///
/// With the factors y of the columns, as long as the axes in which YᵀY is diagonal are used, what is to be solved is
/// `(D + Σ c y yᵀ) x = Σ c y`, where D = α₀ YᵀY + ridge is diagonal and the sums go over the n columns of the row. With
/// fewer columns than factors it is cheaper to solve for the n columns: for S with the rows y / √D,
/// `x = D^(-1/2) Sᵀ q`, `(S Sᵀ + C⁻¹) q = 1` (the identity of Woodbury).
///
/// It has memory of its own, so each thread needs one.
final class RowSolver {
    private static let blockRows = 256

    private let factors: Int
    private let dot = vector_kernels_in_use().pointee.dot_float
    private let addProducts = vector_kernels_in_use().pointee.add_products
    private let gathered: UnsafeMutablePointer<Float>
    private let matrix: UnsafeMutablePointer<Float>
    private let scales: UnsafeMutablePointer<Float>
    private let unknowns: UnsafeMutablePointer<Float>

    init(factors: Int) {
        self.factors = factors
        gathered = .allocate(capacity: max(Self.blockRows, factors) * factors)
        matrix = .allocate(capacity: factors * factors)
        scales = .allocate(capacity: factors)
        unknowns = .allocate(capacity: max(Self.blockRows, factors))
    }

    deinit {
        gathered.deallocate()
        matrix.deallocate()
        scales.deallocate()
        unknowns.deallocate()
    }

    /// Solves a row.
    ///
    /// - parameters:
    ///   - columns: the columns of the row.
    ///   - weights: how much each of them counts, greater than 0.
    ///   - fixed: the factors of all columns.
    ///   - diagonal: the diagonal of α₀ YᵀY.
    ///   - ridge: what is added to it, greater than 0.
    ///   - solution: where the factors of the row are written; zeros when no numbers fit.
    func solve(
        columns: UnsafeBufferPointer<Int32>, weights: UnsafeBufferPointer<Float>, fixed: UnsafePointer<Float>,
        diagonal: UnsafePointer<Float>, ridge: Float, solution: UnsafeMutablePointer<Float>
    ) {
        solution.update(repeating: 0, count: factors)
        guard !columns.isEmpty else { return }
        for factor in 0..<factors { scales[factor] = diagonal[factor] + ridge }
        let isSolved =
            columns.count < factors
            && solveByColumns(columns, weights, fixed: fixed, solution: solution)
            || solveByFactors(columns, weights, fixed: fixed, solution: solution)
        if !isSolved { solution.update(repeating: 0, count: factors) }
    }

    private func solveByColumns(
        _ columns: UnsafeBufferPointer<Int32>, _ weights: UnsafeBufferPointer<Float>, fixed: UnsafePointer<Float>,
        solution: UnsafeMutablePointer<Float>
    ) -> Bool {
        let count = columns.count
        for factor in 0..<factors { solution[factor] = 1 / scales[factor].squareRoot() }
        // Gathered with a row for each factor, so that the sums go over factors.
        for row in 0..<count {
            let source = fixed + Int(columns[row]) * factors
            for factor in 0..<factors { gathered[factor * count + row] = source[factor] * solution[factor] }
            unknowns[row] = 1
        }
        matrix.update(repeating: 0, count: count * count)
        for row in 0..<count { matrix[row * count + row] = 1 / weights[row] }
        addProducts(gathered, factors, count, matrix)
        guard solveSystem(order: count, rightSide: unknowns) else { return false }
        for factor in 0..<factors { solution[factor] *= dot(gathered + factor * count, unknowns, count) }
        return solution[0].isFinite
    }

    private func solveByFactors(
        _ columns: UnsafeBufferPointer<Int32>, _ weights: UnsafeBufferPointer<Float>, fixed: UnsafePointer<Float>,
        solution: UnsafeMutablePointer<Float>
    ) -> Bool {
        matrix.update(repeating: 0, count: factors * factors)
        solution.update(repeating: 0, count: factors)
        for factor in 0..<factors { matrix[factor * factors + factor] = scales[factor] }
        for start in stride(from: 0, to: columns.count, by: Self.blockRows) {
            let count = min(Self.blockRows, columns.count - start)
            for index in 0..<count {
                let source = fixed + Int(columns[start + index]) * factors
                let target = gathered + index * factors
                let (weight, root) = (weights[start + index], weights[start + index].squareRoot())
                for factor in 0..<factors {
                    target[factor] = source[factor] * root
                    solution[factor] += source[factor] * weight
                }
            }
            addProducts(gathered, count, factors, matrix)
        }
        return solveSystem(order: factors, rightSide: solution) && solution[0].isFinite
    }

    /// Solves for the symmetric matrix whose lower triangle is in ``matrix``, by Cholesky's factorisation row by row.
    /// Is false when that is not positive definite.
    private func solveSystem(order: Int, rightSide: UnsafeMutablePointer<Float>) -> Bool {
        for row in 0..<order {
            let current = matrix + row * order
            for column in 0..<row {
                let other = matrix + column * order
                current[column] = (current[column] - dot(current, other, column)) * other[column]
            }
            let pivot = current[row] - dot(current, current, row)
            guard pivot > 0 else { return false }
            // On the diagonal stand the reciprocals: products are faster than quotients.
            current[row] = 1 / pivot.squareRoot()
            rightSide[row] = (rightSide[row] - dot(current, rightSide, row)) * current[row]
        }
        for row in (0..<order).reversed() {
            let current = matrix + row * order
            rightSide[row] *= current[row]
            let unknown = rightSide[row]
            for column in 0..<row { rightSide[column] -= unknown * current[column] }
        }
        return true
    }
}
