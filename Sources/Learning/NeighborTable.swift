/// For each item the few items that follow from it, the strongest first: what remains of a matrix of items by items
/// that would be far too large to keep.
///
/// Weights are kept as whole numbers of two bytes, with a scale for each row, so an entry takes six bytes.
public struct NeighborTable: Sendable {
    /// Where the row of each item begins in ``items``, and at the end how long that is.
    public let rowStarts: [Int32]
    /// The neighbours of each item, the strongest first.
    public let items: [Int32]
    let steps: [Int16]
    let scales: [Float]

    /// A table of rows.
    ///
    /// - parameters:
    ///   - rows: the neighbours of each item and their weights, in any order.
    ///   - limit: how many of a row are kept at most, those whose weights are furthest from 0.
    ///     One that is no number is left out.
    public init(rows: some Sequence<[(item: Int32, weight: Float)]>, limit: Int) {
        var (starts, items, steps, scales) = ([Int32(0)], [Int32](), [Int16](), [Float]())
        for row in rows {
            let kept = row.filter { $0.weight.isFinite }
                .sorted { (abs($0.weight), $1.item) > (abs($1.weight), $0.item) }.prefix(limit)
            // Within the numbers that neither are lost nor overflow when they are scaled back.
            let strongest = min(max(abs(kept.first?.weight ?? 0), .leastNormalMagnitude), .greatestFiniteMagnitude / 2)
            let scale = strongest / Float(Int16.max)
            for entry in kept {
                items.append(entry.item)
                let step = (entry.weight / scale).rounded()
                steps.append(Int16(min(max(step, -Float(Int16.max)), Float(Int16.max))))
            }
            scales.append(scale)
            starts.append(Int32(items.count))
        }
        rowStarts = starts
        self.items = items
        self.steps = steps
        self.scales = scales
    }

    /// How many items it has rows of.
    public var rowCount: Int { scales.count }

    /// The neighbours of an item and their weights, the strongest first.
    public func neighbors(of item: Int32) -> [(item: Int32, weight: Float)] {
        var row: [(item: Int32, weight: Float)] = []
        forEachNeighbor(of: item) { row.append(($0, $1)) }
        return row
    }

    /// The weight of one neighbour of an item; 0 where it is none.
    public func weight(of neighbor: Int32, from item: Int32) -> Float {
        guard scales.indices.contains(Int(item)) else { return 0 }
        let row = Int(rowStarts[Int(item)])..<Int(rowStarts[Int(item) + 1])
        let place = items.withUnsafeBufferPointer { items in row.first { items[$0] == neighbor } }
        return place.map { Float(steps[$0]) * scales[Int(item)] } ?? 0
    }

    /// Shows the neighbours of an item and their weights to a body, the strongest first.
    @inline(__always)
    func forEachNeighbor(of item: Int32, _ body: (_ neighbor: Int32, _ weight: Float) -> Void) {
        guard scales.indices.contains(Int(item)) else { return }
        let scale = scales[Int(item)]
        items.withUnsafeBufferPointer { items in
            steps.withUnsafeBufferPointer { steps in
                for index in Int(rowStarts[Int(item)])..<Int(rowStarts[Int(item) + 1]) {
                    body(items[index], Float(steps[index]) * scale)
                }
            }
        }
    }

    /// Adds the neighbours of each item of a history to scores, by how much the item counts.
    public func add(_ history: some Sequence<HistoryEntry>, to scores: inout ScoreAccumulator) {
        for entry in history {
            forEachNeighbor(of: entry.item) { scores.add($1 * entry.weight, to: $0) }
        }
    }
}
