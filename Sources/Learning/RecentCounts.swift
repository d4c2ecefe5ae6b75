import Core

/// How often each item was chosen within the last interactions before a moment, for moments that go on.
struct RecentCounts {
    /// The counts of each window.
    private(set) var counts: [[Float]]
    /// The same on the scale of features.
    private(set) var scaled: [[Float]]
    private let items: [Int32]
    private let times: [Timestamp]
    private let lengths: [Int]
    /// How many interactions were before the last moment that was asked for.
    private var passed = 0

    /// Takes the interactions of a matrix up, of which the times must be known; otherwise nothing is ever counted.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - shares: how long the windows are, as shares of all interactions.
    init(_ matrix: InteractionMatrix, shares: [Double]) {
        let order = zip(matrix.times, matrix.items).sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        items = order.map(\.1)
        times = order.map(\.0)
        lengths = shares.map { max(HybridFeature.leastTrendingCount, Int($0 * Double(order.count))) }
        counts = shares.map { _ in Array(repeating: 0, count: matrix.itemCount) }
        scaled = counts
    }

    /// Counts that stay as they are.
    init(counts: [[Float]]) {
        self.counts = counts
        scaled = counts.map { $0.map(HybridFeature.scale) }
        (items, times, lengths) = ([], [], [])
    }

    /// What is trending after all interactions of a matrix; without one, nothing.
    static func atTheEnd(of matrix: InteractionMatrix?, itemCount: Int) -> RecentCounts {
        guard let matrix else {
            let none = Array(repeating: Float(0), count: itemCount)
            return RecentCounts(counts: HybridFeature.trendingShares.map { _ in none })
        }
        var counts = RecentCounts(matrix, shares: HybridFeature.trendingShares)
        counts.advance(to: nil)
        return RecentCounts(counts: counts.counts)
    }

    /// The items that were chosen most of all, of each window.
    func top(_ limit: Int) -> [Int32] {
        counts.flatMap { counts in
            var best = BestItems(limit: limit)
            for (item, count) in counts.enumerated() where count > 0 { best.add(Int32(item), score: count) }
            return best.sorted().map(\.item)
        }
    }

    private mutating func add(_ count: Float, to item: Int32, in window: Int) {
        counts[window][Int(item)] += count
        scaled[window][Int(item)] = HybridFeature.scale(counts[window][Int(item)])
    }

    /// Goes on to a moment that is not before the last one; nil is after all interactions.
    mutating func advance(to moment: Timestamp?) {
        let start = passed
        while passed < items.count, moment.map({ times[passed] < $0 }) ?? true { passed += 1 }
        for window in lengths.indices {
            for place in start..<passed {
                add(1, to: items[place], in: window)
                if place >= lengths[window] { add(-1, to: items[place - lengths[window]], in: window) }
            }
        }
    }
}
