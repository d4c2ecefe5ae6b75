import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Makes ascending version 7 identifiers.
///
/// Within one millisecond a 12-bit counter ascends (RFC 9562, section 6.2, method 1); when it is used up, or the clock
/// steps back, the generator borrows from the next millisecond rather than repeat or descend.
public final class IdentifierGenerator: Sendable {
    private let last = Atomic<UInt64>(0)
    private let random = Mutex(BufferedRandom())

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
                let low = 0x8000_0000_0000_0000 | (random.withLock { $0.next() } >> 2)
                return Identifier(high: high, low: low)
            }
            previous = original
        }
    }
}

/// Random numbers of the operating system, fetched many at a time: one call to it costs as much as a small query.
private struct BufferedRandom {
    /// 256 bytes, which is the most that `getentropy` gives at once.
    private static let count = 32
    private var numbers: [UInt64] = []

    mutating func next() -> UInt64 {
        if numbers.isEmpty { fetch() }
        return numbers.popLast() ?? .random(in: .min ... .max)
    }

    private mutating func fetch() {
        numbers = Array(repeating: 0, count: Self.count)
        let outcome = numbers.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        // Numbers that were not filled must not be given out; the library's own generator takes over.
        if outcome != 0 { numbers = [] }
    }
}
