/// An exact decimal number read from its text: a whole number and a power of ten.
///
/// Amounts, rates and quantities pass through it on their way from text, so no value ever passes through `Double`.
public struct Decimal: Hashable, Sendable {
    /// The digits without their point, signed.
    public let coefficient: Int64
    /// How many of the digits stand after the point; never negative.
    public let scale: Int

    /// Reads decimal text as JSON writes numbers: an optional minus, digits, an optional fraction and exponent.
    ///
    /// Returns nil for other text, for more than 18 significant digits and for exponents beyond ±18.
    public init?(_ text: some StringProtocol) {
        var negative = false
        var coefficient: Int64 = 0
        var significant = 0
        var scale = 0
        var digits = 0
        var afterPoint = false
        var exponent: Substring?
        for (offset, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where offset == 0:
                negative = true
            case UInt8(ascii: ".") where !afterPoint && digits > 0:
                afterPoint = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if significant > 0 || byte != UInt8(ascii: "0") { significant += 1 }
                guard significant <= 18, digits <= 64 else { return nil }
                coefficient = coefficient * 10 + Int64(byte - UInt8(ascii: "0"))
                if afterPoint { scale += 1 }
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent = Substring(text.dropFirst(offset + 1))
            default:
                return nil
            }
            if exponent != nil { break }
        }
        guard digits > 0, !(afterPoint && scale == 0) else { return nil }
        if let exponent {
            guard let shift = Int(exponent), (-18...18).contains(shift) else { return nil }
            scale -= shift
        }
        while scale < 0 {
            let (product, overflow) = coefficient.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            coefficient = product
            scale += 1
        }
        while scale > 0, coefficient % 10 == 0 {
            coefficient /= 10
            scale -= 1
        }
        guard scale <= 64 else { return nil }
        self.coefficient = negative ? -coefficient : coefficient
        self.scale = scale
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
