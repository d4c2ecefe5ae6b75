public import Core

/// A number of a payload. Whole numbers and others are distinct, as they are in Qdrant: `1` is not `1.0`.
enum PayloadNumber: Sendable, Hashable {
    case integer(Int64)
    case float(Double)

    /// Reads the text of a JSON number. A whole number that has no place in 64 bits counts as a float.
    init(_ text: String) {
        if let integer = Int64(text) {
            self = .integer(integer)
        } else {
            self = .float(Double(text) ?? .infinity)
        }
    }

    init?(_ value: JSONValue) {
        guard case .number(let text) = value else { return nil }
        self.init(text)
    }
}

/// Order of floats as order of integers.
enum OrderKey {
    /// An integer for each number that is not NaN, ascending with the number. Both zeros have the same.
    @inline(__always)
    static func of(_ number: Double) -> Int64 {
        let bits = Int64(bitPattern: (number == 0 ? 0 : number).bitPattern)
        return bits < 0 ? bits ^ Int64.max : bits
    }

    /// The number of a key.
    @inline(__always)
    static func number(_ key: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: key < 0 ? key ^ Int64.max : key))
    }
}

/// Bounds for numbers.
public struct NumberRange: Sendable {
    /// The bounds for whole numbers; nil when none is within.
    let integers: ClosedRange<Int64>?
    /// The bounds for the ``OrderKey`` of floats; nil when none is within.
    let floats: ClosedRange<Int64>?

    /// The numbers that keep each bound that is given. A bound that is NaN lets nothing through.
    public init(gt: Double? = nil, gte: Double? = nil, lt: Double? = nil, lte: Double? = nil) {
        guard ![gt, gte, lt, lte].contains(where: { $0?.isNaN == true }) else {
            integers = nil
            floats = nil
            return
        }
        integers = Self.range(
            from: [gte.map { Self.integer(atLeast: $0) }, gt.map { Self.integer(above: $0) }],
            to: [lte.map { Self.integer(atMost: $0) }, lt.map { Self.integer(below: $0) }])
        floats = Self.range(
            from: [gte.map { OrderKey.of($0) }, gt.map { OrderKey.of($0) + 1 }],
            to: [lte.map { OrderKey.of($0) }, lt.map { OrderKey.of($0) - 1 }])
    }

    /// The range that keeps all bounds. A bound that is there and has no value lets nothing through.
    private static func range(from lower: [Int64??], to upper: [Int64??]) -> ClosedRange<Int64>? {
        var low = Int64.min
        var high = Int64.max
        for bound in lower {
            guard let bound else { continue }
            guard let bound else { return nil }
            low = max(low, bound)
        }
        for bound in upper {
            guard let bound else { continue }
            guard let bound else { return nil }
            high = min(high, bound)
        }
        return low <= high ? low...high : nil
    }

    private static func integer(atLeast bound: Double) -> Int64? {
        bound >= 0x1p63 ? nil : (bound < -0x1p63 ? .min : Int64(bound.rounded(.up)))
    }

    private static func integer(above bound: Double) -> Int64? {
        bound >= 0x1p63 ? nil : (bound < -0x1p63 ? .min : Int64(bound.rounded(.down)) + 1)
    }

    private static func integer(atMost bound: Double) -> Int64? {
        bound < -0x1p63 ? nil : (bound >= 0x1p63 ? .max : Int64(bound.rounded(.down)))
    }

    private static func integer(below bound: Double) -> Int64? {
        bound <= -0x1p63 ? nil : (bound >= 0x1p63 ? .max : Int64(bound.rounded(.up)) - 1)
    }

    /// Whether a number is within.
    @inline(__always)
    func contains(_ number: PayloadNumber) -> Bool {
        switch number {
        case .integer(let integer): integers?.contains(integer) ?? false
        case .float(let float): floats?.contains(OrderKey.of(float)) ?? false
        }
    }
}

/// Bounds for moments.
public struct TimeRange: Sendable {
    /// The bounds in microseconds since 1970; nil when no moment is within.
    let microseconds: ClosedRange<Int64>?

    /// The moments that keep each bound that is given.
    public init(gt: Timestamp? = nil, gte: Timestamp? = nil, lt: Timestamp? = nil, lte: Timestamp? = nil) {
        let above = gt.map { min($0.microseconds, .max - 1) + 1 }
        let below = lt.map { max($0.microseconds, .min + 1) - 1 }
        let low = max(gte?.microseconds ?? .min, above ?? .min)
        let high = min(lte?.microseconds ?? .max, below ?? .max)
        microseconds = low <= high ? low...high : nil
    }

    /// Whether a moment is within.
    func contains(_ moment: Timestamp) -> Bool { microseconds?.contains(moment.microseconds) ?? false }
}

/// Bounds for how many values a field has.
public struct CountRange: Sendable {
    let counts: ClosedRange<Int64>?

    /// The counts that keep each bound that is given.
    public init(gt: Int64? = nil, gte: Int64? = nil, lt: Int64? = nil, lte: Int64? = nil) {
        let above = gt.map { min($0, .max - 1) + 1 }
        let below = lt.map { max($0, .min + 1) - 1 }
        let low = max(gte ?? 0, above ?? 0)
        let high = min(lte ?? .max, below ?? .max)
        counts = low <= high ? low...high : nil
    }

    func contains(_ count: Int) -> Bool { counts?.contains(Int64(count)) ?? false }
}
