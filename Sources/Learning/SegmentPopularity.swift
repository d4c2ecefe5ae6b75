import Foundation

/// What is chosen in the segments of a population, such as by the users of one country: what to recommend to somebody
/// of whom nothing is known but to which segments they belong.
///
/// With the share p(i) of an item in all choices, and its share in those of a segment s drawn to that of all,
///
///     p(i|s) = (n(s,i) + k p(i)) / (n(s) + k)
///
/// an item fits the segments S of somebody by `p(i) Π over s of S: p(i|s) / p(i)`, as if the segments were independent
/// given the item (naive Bayes). So a segment with few choices says little, and one that chooses as all do says
/// nothing. The form of the shares is the Bayesian smoothing with Dirichlet priors of C. Zhai, J. Lafferty, "A Study of
/// Smoothing Methods for Language Models Applied to Information Retrieval" (2004).
public struct SegmentPopularity: Sendable {
    /// An item that fits some segments.
    public struct Choice: Sendable, Hashable {
        /// The item.
        public let item: Int32
        /// How well it fits; greater than 0.
        public let score: Float
        /// The segment that speaks most for it; nil where none speaks for it more than all do.
        public let segment: Int32?
    }

    /// k, how many choices of all stand beside those of a segment.
    public static let shrinkage: Float = 20
    /// How many users a segment has at least: what fewer did would tell of each of them.
    public static let leastUsers = 5
    /// How many items of a segment are kept, those that are chosen most.
    static let itemLimit = 200

    /// What one segment chose.
    fileprivate struct Table: Sendable {
        var users = 0
        var total: Float = 0
        var counts: [Int32: Float] = [:]
    }

    private let shares: [Float]
    private let tables: [Int32: Table]

    /// Nothing is known of any segment.
    public init() { (shares, tables) = ([], [:]) }

    /// Counts what users chose.
    ///
    /// - parameters:
    ///   - itemCount: how many items there are.
    ///   - users: the segments of each user, and the items that they chose, each once.
    public init(itemCount: Int, users: some Sequence<(segments: [Int32], items: [Int32])>) {
        var counts = [Float](repeating: 0, count: itemCount)
        var tables: [Int32: Table] = [:]
        for (segments, items) in users where !items.isEmpty {
            let items = items.filter { $0 >= 0 && $0 < itemCount }
            for item in items { counts[Int(item)] += 1 }
            for segment in Set(segments) { tables[segment, default: Table()].add(items) }
        }
        let total = max(counts.reduce(0, +), 1)
        shares = counts.map { $0 / total }
        self.tables = tables.filter { $0.value.users >= Self.leastUsers }.mapValues(\.limited)
    }

    /// How much memory it takes: an entry of a dictionary has some room beside it.
    public var byteCount: Int {
        shares.count * MemoryLayout<Float>.stride + tables.values.reduce(0) { $0 + 80 + $1.counts.count * 16 }
    }

    /// The items that fit some segments best, the best first; none where nothing is known of any of the segments.
    ///
    /// - parameter isAllowed: whether an item may be among them.
    public func rank(
        _ segments: [Int32], limit: Int, isAllowed: (Int32) -> Bool = { _ in true }
    ) -> [Choice] {
        let known = Set(segments).compactMap { segment in tables[segment].map { (segment, $0) } }
        var best = BestItems(limit: limit)
        for item in Set(known.flatMap { $0.1.counts.keys }) where isAllowed(item) {
            best.add(item, score: known.reduce(shares[Int(item)]) { $0 * lift(of: item, in: $1.1) })
        }
        return best.sorted().map { item, score in
            let lifts = known.map { (segment: $0.0, lift: lift(of: item, in: $0.1)) }
            let strongest = lifts.max { ($0.lift, $1.segment) < ($1.lift, $0.segment) }
            return Choice(item: item, score: score, segment: strongest.flatMap { $0.lift > 1 ? $0.segment : nil })
        }
    }

    /// How many times as often a segment chooses an item as all do.
    private func lift(of item: Int32, in table: Table) -> Float {
        let share = shares[Int(item)]
        return ((table.counts[item] ?? 0) / share + Self.shrinkage) / (table.total + Self.shrinkage)
    }
}

extension SegmentPopularity.Table {
    fileprivate mutating func add(_ items: [Int32]) {
        users += 1
        total += Float(items.count)
        for item in items { counts[item, default: 0] += 1 }
    }

    /// With the items alone that are chosen most.
    fileprivate var limited: Self {
        guard counts.count > SegmentPopularity.itemLimit else { return self }
        var best = BestItems(limit: SegmentPopularity.itemLimit)
        for (item, count) in counts { best.add(item, score: count) }
        var table = self
        table.counts = Dictionary(uniqueKeysWithValues: best.sorted().map { ($0.item, $0.score) })
        return table
    }
}
