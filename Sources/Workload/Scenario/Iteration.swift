import Core

/// What one run through a flow fills its templates with.
struct Iteration {
    /// A number that no other iteration of the run has.
    let number: Int
    /// When it began.
    let startedAt: Timestamp
    /// Which row of each data set it has.
    let rows: [Int]
    /// What its steps have saved so far.
    var saved: [String]
    /// What it draws numbers from.
    var random: SplitMix64

    /// A random UUID (RFC 9562, version 4).
    mutating func uuid() -> String {
        let high = (random.next() & ~0xF000) | 0x4000
        let low = (random.next() & ~(3 << 62)) | (2 << 62)
        return Identifier(high: high, low: low).description
    }
}
