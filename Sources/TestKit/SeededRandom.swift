import Core

/// Random numbers that a test can repeat.
///
///     var random = SeededRandom.fresh()
///     #expect(…, "\(random)")    // says "seed 123…", and `SeededRandom(seed: 123…)` repeats the run
public struct SeededRandom: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// Where the sequence began.
    public let seed: UInt64
    private var numbers: SplitMix64

    /// The sequence of a seed.
    public init(seed: UInt64) {
        self.seed = seed
        numbers = SplitMix64(seed: seed)
    }

    /// A sequence with a seed that nobody chose, printed so that a failure can be repeated.
    public static func fresh(_ function: String = #function) -> SeededRandom {
        let random = SeededRandom(seed: UInt64.random(in: .min ... .max))
        print("\(function): \(random)")
        return random
    }

    public var description: String { "seed \(seed)" }

    public mutating func next() -> UInt64 { numbers.next() }
}
