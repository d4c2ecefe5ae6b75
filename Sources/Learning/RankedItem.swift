/// An item with its score, and what that consists of.
public struct RankedItem: Sendable, Hashable {
    /// The item.
    public let item: Int32
    /// The sum of the contributions.
    public let score: Float
    /// How much each algorithm contributed; the greatest first, none that is 0.
    public let contributions: [Contribution]

    /// What an algorithm contributed to a score.
    public struct Contribution: Sendable, Hashable {
        /// The algorithm.
        public let algorithm: Algorithm
        /// How much of the score it is.
        public let score: Float
    }

    init(item: Int32, contributions: [Algorithm: Float]) {
        self.item = item
        self.contributions = contributions.filter { $0.value != 0 }
            .map { Contribution(algorithm: $0.key, score: $0.value) }
            .sorted { ($0.score, $1.algorithm.rawValue) > ($1.score, $0.algorithm.rawValue) }
        score = self.contributions.reduce(0) { $0 + $1.score }
    }
}
