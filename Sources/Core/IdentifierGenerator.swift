import Synchronization

/// Makes ascending version 7 identifiers.
///
/// Within one millisecond a 12-bit counter ascends (RFC 9562, section 6.2, method 1); when it is used up, or the clock
/// steps back, the generator borrows from the next millisecond rather than repeat or descend.
public final class IdentifierGenerator: Sendable {
    private let last = Atomic<UInt64>(0)

    /// A generator whose identifiers ascend among themselves.
    public init() {}

    /// The next identifier, greater than each one before it.
    ///
    /// - parameter now: the time to stamp it with.
    public func next(at now: Timestamp) -> Identifier {
        let stamp = UInt64(max(0, now.microseconds / 1000)) << 12
        var previous = last.load(ordering: .relaxed)
        while true {
            let candidate = max(stamp, previous + 1)
            let (exchanged, original) = last.compareExchange(
                expected: previous, desired: candidate, ordering: .relaxed)
            if exchanged {
                let high = (candidate >> 12) << 16 | 0x7000 | (candidate & 0xFFF)
                let low = 0x8000_0000_0000_0000 | (UInt64.random(in: .min ... .max) >> 2)
                return Identifier(high: high, low: low)
            }
            previous = original
        }
    }
}
