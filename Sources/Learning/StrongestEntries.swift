/// Those entries of a row that are furthest from 0: what the row of a ``NeighborTable`` keeps of it.
struct StrongestEntries {
    private let limit: Int
    private var entries: [(item: Int32, weight: Float)] = []
    /// The weakest of the entries that were kept when there were last too many: none that is nearer to 0 is kept.
    private var bar: Float = 0

    init(limit: Int) {
        self.limit = max(limit, 1)
        entries.reserveCapacity(2 * self.limit)
    }

    private static func isStronger(_ left: (item: Int32, weight: Float), _ right: (item: Int32, weight: Float)) -> Bool
    {
        (abs(left.weight), right.item) > (abs(right.weight), left.item)
    }

    @inline(__always)
    mutating func add(_ weight: Float, of item: Int32) {
        guard abs(weight) >= bar, weight != 0 else { return }
        entries.append((item, weight))
        if entries.count == 2 * limit { cut() }
    }

    private mutating func cut() {
        entries.sort(by: Self.isStronger)
        guard entries.count > limit else { return }
        entries.removeSubrange(limit...)
        bar = abs(entries[limit - 1].weight)
    }

    /// The entries, the strongest first; afterwards there are none.
    mutating func take() -> [(item: Int32, weight: Float)] {
        cut()
        defer {
            entries.removeAll(keepingCapacity: true)
            bar = 0
        }
        return entries
    }
}

extension NeighborTable {
    /// Tables whose rows are made one after the other, on several threads.
    ///
    /// - parameters:
    ///   - tables: how many tables are made at once.
    ///   - rows: how many rows each has.
    ///   - limit: how many entries of a row are kept at most.
    ///   - pace: how the work uses the machine.
    ///   - fill: adds the entries of a row of each table; the sums are for it to use, and it leaves some behind.
    static func make(
        tables: Int, rows: Int, limit: Int, pace: TrainingPace,
        fill: (_ row: Int, _ sums: inout ScoreAccumulator, _ entries: inout [StrongestEntries]) -> Void
    ) throws -> [NeighborTable] {
        var made = [[(item: Int32, weight: Float)]](repeating: [], count: tables * rows)
        try made.withUnsafeMutableBufferPointer { made in
            try pace.divide(rows, portion: max(64, rows / (pace.threads * 64))) { _, portion in
                var sums = ScoreAccumulator(itemCount: rows)
                var entries = Array(repeating: StrongestEntries(limit: limit), count: tables)
                for row in portion {
                    if row % 16 == 0 { try pace.pause() }
                    fill(row, &sums, &entries)
                    for table in 0..<tables { made[table * rows + row] = entries[table].take() }
                    sums.clear()
                }
            }
        }
        return (0..<tables).map { NeighborTable(rows: made[$0 * rows..<($0 + 1) * rows], limit: limit) }
    }
}
