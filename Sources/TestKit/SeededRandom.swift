/// Random numbers that a test can repeat (SplitMix64, Sebastiano Vigna, public domain).
///
///     var random = SeededRandom.fresh()
///     #expect(…, "\(random)")    // says "seed 123…", and `SeededRandom(seed: 123…)` repeats the run
public struct SeededRandom: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// Where the sequence began.
    public let seed: UInt64
    private var state: UInt64

    /// The sequence of a seed.
    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A sequence with a seed that nobody chose, printed so that a failure can be repeated.
    public static func fresh(_ function: String = #function) -> SeededRandom {
        let random = SeededRandom(seed: UInt64.random(in: .min ... .max))
        print("\(function): \(random)")
        return random
    }

    public var description: String { "seed \(seed)" }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
