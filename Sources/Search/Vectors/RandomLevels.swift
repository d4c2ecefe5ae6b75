import Core

/// The levels of new nodes: each level has on average one node for `m` of the level below, which is the exponential
/// distribution of Malkov and Yashunin with their normalization 1 / ln(m).
struct RandomLevels {
    /// With the least `m` one node in 2^31 would go beyond it.
    static let limit = 31

    /// Where the sequence goes on: the seed of the rest of it.
    var state: UInt64 { numbers.state }
    private var numbers: SplitMix64
    private let m: UInt64

    init(seed: UInt64, m: Int) {
        numbers = SplitMix64(seed: seed)
        self.m = UInt64(m)
    }

    mutating func next() -> Int {
        var level = 0
        while level < Self.limit, numbers.next() < .max / m { level += 1 }
        return level
    }
}
