public import Core

/// Who interacted with what: a row for each user (or session, or basket) and a column for each item, of which only the
/// cells with something in them are kept.
public struct InteractionMatrix: Sendable {
    /// How many items there are; they are numbered from 0.
    public let itemCount: Int
    /// Where the row of each user begins in ``items``, and at the end how long that is.
    public let rowStarts: [Int]
    /// The items of each user, each once, in the order of their latest interactions.
    public let items: [Int32]
    /// How much each of ``items`` counts for its user; greater than 0.
    public let weights: [Float]
    /// When the latest interaction with each of ``items`` was; empty when that is not known of all of them.
    public let times: [Timestamp]

    /// A matrix of rows.
    ///
    /// - parameters:
    ///   - itemCount: how many items there are.
    ///   - rows: what each user interacted with, each item once, the latest last. An entry of another item, and one
    ///     whose weight is not a number greater than 0, is left out.
    public init(itemCount: Int, rows: some Sequence<some Sequence<HistoryEntry>>) {
        var (starts, items, weights, times) = ([0], [Int32](), [Float](), [Timestamp]())
        for row in rows {
            for entry in row where entry.isValid(itemCount: itemCount) {
                items.append(entry.item)
                weights.append(entry.weight)
                if let time = entry.time { times.append(time) }
            }
            starts.append(items.count)
        }
        self.init(itemCount: itemCount, rowStarts: starts, items: items, weights: weights, times: times)
    }

    init(itemCount: Int, rowStarts: [Int], items: [Int32], weights: [Float], times: [Timestamp] = []) {
        self.itemCount = itemCount
        self.rowStarts = rowStarts
        self.items = items
        self.weights = weights
        self.times = times.count == items.count ? times : []
    }

    /// How many users there are.
    public var rowCount: Int { rowStarts.count - 1 }

    /// Where the row of a user stands in ``items``.
    public func range(ofRow row: Int) -> Range<Int> { rowStarts[row]..<rowStarts[row + 1] }

    /// What a user interacted with, the latest last.
    public func history(ofRow row: Int) -> [HistoryEntry] { range(ofRow: row).map(entry(at:)) }

    /// What stands at a place of ``items``.
    func entry(at place: Int) -> HistoryEntry {
        HistoryEntry(item: items[place], weight: weights[place], time: times.isEmpty ? nil : times[place])
    }

    /// Lets a body see the items and the weights of a row where they stand.
    func withRow<Result>(
        _ row: Int, _ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        let range = range(ofRow: row)
        return try items.withUnsafeBufferPointer { items in
            try weights.withUnsafeBufferPointer { weights in
                try body(UnsafeBufferPointer(rebasing: items[range]), UnsafeBufferPointer(rebasing: weights[range]))
            }
        }
    }

    /// The matrix with only the latest items of each user.
    func latest(_ limit: Int) -> InteractionMatrix {
        guard (0..<rowCount).contains(where: { range(ofRow: $0).count > limit }) else { return self }
        return InteractionMatrix(
            itemCount: itemCount,
            rows: (0..<rowCount).lazy.map { row in range(ofRow: row).suffix(limit).lazy.map(entry(at:)) })
    }

    /// How much each item counts for all users together.
    func itemWeights() -> [Float] {
        var sums = [Double](repeating: 0, count: itemCount)
        for (item, weight) in zip(items, weights) { sums[Int(item)] += Double(weight) }
        return sums.map(Float.init)
    }
}

/// An item that a user interacted with.
public struct HistoryEntry: Sendable, Hashable {
    /// The number of the item.
    public let item: Int32
    /// How much it counts; greater than 0.
    public let weight: Float
    /// When the latest interaction was, when that is known.
    public let time: Timestamp?

    /// An item of a history.
    public init(item: Int32, weight: Float = 1, time: Timestamp? = nil) {
        self.item = item
        self.weight = weight
        self.time = time
    }

    func isValid(itemCount: Int) -> Bool {
        item >= 0 && item < itemCount && weight > 0 && weight.isFinite
    }
}
