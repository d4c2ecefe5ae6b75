/// The levels of new nodes: each level has on average one node for `m` of the level below, which is the exponential
/// distribution of Malkov and Yashunin with their normalization 1 / ln(m).
struct RandomLevels {
    /// With the least `m` one node in 2^31 would go beyond it.
    static let limit = 31

    /// Where the sequence goes on: the seed of the rest of it.
    private(set) var state: UInt64
    private let m: UInt64

    init(seed: UInt64, m: Int) {
        state = seed
        self.m = UInt64(m)
    }

    mutating func next() -> Int {
        var level = 0
        while level < Self.limit, nextNumber() < .max / m { level += 1 }
        return level
    }

    /// SplitMix64 (Sebastiano Vigna, public domain).
    private mutating func nextNumber() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
