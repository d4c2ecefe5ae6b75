import Core

/// Items that predict each other, each with the others taken into account: the regression of every item on all others,
/// in closed form.
///
/// Over the rows of X with the roots of the weights it makes `|X - X B|² + λ |B|²` small, with zeros on the diagonal of
/// B. With `P = (XᵀX + λ)⁻¹` that is `B(i,j) = -P(i,j) / P(j,j)`. H. Steck, "Embarrassingly Shallow Autoencoders for
/// Sparse Data" (2019).
///
/// Time grows with the third power of the number of items, and memory with the second (4 bytes for each pair), so it is
/// for the most popular items alone.
public struct EASE: Sendable {
    /// The items that take part, those with the greatest weights first.
    public let items: [Int32]
    private let itemCount: Int
    /// XᵀX of these items, by rows.
    private let gram: [Float]

    /// Counts how often items stand together.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - itemLimit: how many items take part, the most popular ones.
    ///   - rowLimit: how many items of a row are looked at, the latest.
    ///   - pace: how the work uses the machine.
    public init(
        _ matrix: InteractionMatrix, itemLimit: Int = 6000, rowLimit: Int = 500, pace: TrainingPace = TrainingPace()
    ) throws {
        itemCount = matrix.itemCount
        let totals = matrix.itemWeights()
        items = Array(
            (0..<Int32(matrix.itemCount)).filter { totals[Int($0)] > 0 }
                .sorted { (totals[Int($0)], $1) > (totals[Int($1)], $0) }.prefix(itemLimit))
        gram = try Self.gramMatrix(of: matrix.latest(rowLimit).keeping(items), pace: pace)
    }

    private static func gramMatrix(of matrix: InteractionMatrix, pace: TrainingPace) throws -> [Float] {
        let pairs = CoOccurrence(matrix)
        let order = matrix.itemCount
        var gram = [Float](repeating: 0, count: order * order)
        try gram.withUnsafeMutableBufferPointer { gram in
            guard let base = gram.baseAddress else { return }
            try pace.divide(order, portion: 8) { _, portion in
                for item in portion { pairs.add(item, toRow: base + item * order) }
            }
        }
        return gram
    }

    /// The neighbours of all items; those that do not take part have none.
    ///
    /// - parameters:
    ///   - regularization: λ, greater than 0: how strongly weights are drawn to 0.
    ///   - limit: how many neighbours an item keeps at most.
    ///   - pace: how the work uses the machine. The inverse is made in two steps without a pause.
    /// - throws: ``Failure`` when there is no inverse, with a regularization that is too small.
    public func neighbors(
        regularization: Float, limit: Int, pace: TrainingPace = TrainingPace()
    ) throws -> NeighborTable {
        let order = items.count
        var inverse = gram
        for item in 0..<order { inverse[item * order + item] += regularization }
        try pace.pause()
        guard LinearAlgebra.invert(&inverse, order: order) else {
            throw Failure(
                .invalid, code: "regularization_too_small",
                "No weights of items follow from a regularization of \(regularization). Make it larger.")
        }
        var places = [Int](repeating: -1, count: itemCount)
        for (place, item) in items.enumerated() { places[Int(item)] = place }
        return try inverse.withUnsafeBufferPointer { inverse in
            try NeighborTable.make(tables: 1, rows: itemCount, limit: limit, pace: pace) { item, _, entries in
                let place = places[item]
                guard place >= 0 else { return }
                for other in 0..<order where other != place {
                    // Only the lower triangle is there.
                    let value = inverse[max(place, other) * order + min(place, other)]
                    entries[0].add(-value / inverse[other * order + other], of: items[other])
                }
            }[0]
        }
    }
}

extension CoOccurrence {
    /// Adds what stands together with an item to a row of XᵀX.
    fileprivate func add(_ item: Int, toRow row: UnsafeMutablePointer<Float>) {
        matrix.items.withUnsafeBufferPointer { items in
            roots.withUnsafeBufferPointer { roots in
                for cell in byItem.starts[item]..<byItem.starts[item + 1] {
                    let root = roots[Int(byItem.places[cell])]
                    for place in matrix.range(ofRow: Int(byItem.rows[cell])) {
                        row[Int(items[place])] += root * roots[place]
                    }
                }
            }
        }
    }
}

extension InteractionMatrix {
    /// The matrix of some items alone, numbered by their places in the list.
    func keeping(_ kept: [Int32]) -> InteractionMatrix {
        var places = [Int32](repeating: -1, count: itemCount)
        for (place, item) in kept.enumerated() { places[Int(item)] = Int32(place) }
        return InteractionMatrix(
            itemCount: kept.count,
            rows: (0..<rowCount).lazy.map { row in
                range(ofRow: row).lazy.filter { places[Int(items[$0])] >= 0 }
                    .map { HistoryEntry(item: places[Int(items[$0])], weight: weights[$0]) }
            })
    }
}
