import Synchronization

/// A number that goes up and down.
public final class Gauge: MetricSeries {
    private let bits = Atomic<UInt64>(0)

    /// Sets the number.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds to the number, or takes away.
    public func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.compareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    /// The number.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    public var reading: MetricReading { .number(value) }
}
