import Synchronization

/// A number that only grows.
public final class Counter: MetricSeries {
    private let count = Atomic<Int>(0)

    /// Adds one or more.
    public func increment(by amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum so far.
    public var value: Int { count.load(ordering: .relaxed) }

    public var reading: MetricReading { .count(value) }
}

/// A number that only grows and is counted elsewhere, by the kernel for example.
public final class ObservedCounter: MetricSeries {
    private let bits = Atomic<UInt64>(0)

    /// Takes over the number that is counted elsewhere; a smaller one than before is not taken.
    public func advance(to value: Double) {
        // Positive floating-point numbers sort as their bit patterns do.
        guard value > 0 else { return }
        bits.max(value.bitPattern, ordering: .relaxed)
    }

    /// The number.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    public var reading: MetricReading { .number(value) }
}
