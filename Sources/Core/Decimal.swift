/// An exact decimal number read from its text: a whole number and a power of ten.
///
/// Amounts, rates and quantities pass through it on their way from text, so no value ever passes through `Double`.
public struct Decimal: Hashable, Sendable {
    /// The digits without their point, signed.
    public let coefficient: Int64
    /// How many of the digits stand after the point; never negative.
    public let scale: Int

    /// How many significant digits a number may have; zeros at its ends do not count.
    public static let digitLimit = 18
    /// How many digits its text may have before the exponent, zeros included.
    public static let textLimit = 64
    /// How large an exponent may be, either way.
    public static let exponentLimit = 18

    /// Reads decimal text: an optional minus, digits, an optional fraction and exponent, as JSON writes numbers.
    /// Leading zeros are passed over.
    ///
    /// Returns nil for other text and beyond the limits above.
    public init?(_ text: some StringProtocol) {
        // Callers in other modules do not get a version of generic code for their type, so the work is done on bytes.
        let parsed =
            text.utf8.withContiguousStorageIfAvailable { Self(utf8: $0) }
            ?? Array(text.utf8).withUnsafeBufferPointer { Self(utf8: $0) }
        guard let parsed else { return nil }
        self = parsed
    }

    private init?(utf8: UnsafeBufferPointer<UInt8>) {
        var reader = DecimalReader(utf8)
        guard let digits = reader.digits(), let exponent = reader.exponent(), reader.isAtEnd else { return nil }
        var coefficient = digits.coefficient
        var power = digits.power + exponent
        if coefficient == 0 { power = 0 }
        guard power >= -Self.textLimit else { return nil }
        while power > 0 {
            let (product, overflow) = coefficient.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            coefficient = product
            power -= 1
        }
        self.coefficient = coefficient
        scale = -power
    }

    /// The number in units of `10^-digits` when it is a whole number of them, else nil.
    public func exactly(digits: Int) -> Int64? {
        guard scale <= digits else { return nil }
        var value = coefficient
        for _ in 0..<(digits - scale) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
        }
        return value
    }

    /// The number in units of `10^-digits`, a remainder of one half or more rounded away from zero.
    ///
    /// Returns nil when the result does not fit. For importing figures that carry binary noise, such as `9.80000019`.
    public func rounded(digits: Int) -> Int64? {
        if scale <= digits { return exactly(digits: digits) }
        var divisor: Int128 = 1
        for _ in 0..<min(scale - digits, 36) { divisor *= 10 }
        return Int64(exactly: Int128(coefficient).divided(roundingHalfAwayBy: divisor))
    }
}

extension Int128 {
    /// The quotient by a positive divisor, a remainder of one half or more rounded away from zero.
    func divided(roundingHalfAwayBy divisor: Int128) -> Int128 {
        let half = divisor / 2
        return self >= 0 ? (self + half) / divisor : (self - half) / divisor
    }
}

/// Reads the parts of decimal text, byte by byte.
private struct DecimalReader {
    private var bytes: UnsafeBufferPointer<UInt8>.Iterator
    private var next: UInt8?

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes.makeIterator()
        next = self.bytes.next()
    }

    var isAtEnd: Bool { next == nil }

    /// The digits without the zeros at either end, and the power of ten that they are taken by.
    mutating func digits() -> (coefficient: Int64, power: Int)? {
        let isNegative = take("-")
        var coefficient: Int64 = 0
        var significant = 0
        var zeros = 0
        var total = 0
        var fraction: Int?
        while true {
            if let digit = digit() {
                total += 1
                guard total <= Decimal.textLimit else { return nil }
                if let places = fraction { fraction = places + 1 }
                if digit == 0 {
                    zeros += 1
                } else {
                    significant = significant == 0 ? 1 : significant + zeros + 1
                    guard significant <= Decimal.digitLimit else { return nil }
                    for _ in 0...(coefficient == 0 ? 0 : zeros) { coefficient *= 10 }
                    coefficient += digit
                    zeros = 0
                }
            } else if total > 0, fraction == nil, take(".") {
                fraction = 0
            } else {
                break
            }
        }
        guard total > 0, fraction != 0 else { return nil }
        return (isNegative ? -coefficient : coefficient, zeros - (fraction ?? 0))
    }

    /// The exponent, zero when there is none. Returns nil when it is not a number or too large.
    mutating func exponent() -> Int? {
        guard take("e") || take("E") else { return 0 }
        let isNegative = !take("+") && take("-")
        var exponent: Int?
        while let digit = digit() {
            exponent = (exponent ?? 0) * 10 + Int(digit)
            guard exponent ?? 0 <= Decimal.exponentLimit else { return nil }
        }
        return exponent.map { isNegative ? -$0 : $0 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: scalar) else { return false }
        next = bytes.next()
        return true
    }

    private mutating func digit() -> Int64? {
        guard let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        next = bytes.next()
        return Int64(byte - UInt8(ascii: "0"))
    }
}
