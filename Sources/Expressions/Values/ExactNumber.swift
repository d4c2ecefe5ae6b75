import Core

/// An exact decimal number that can be computed with: a whole number of at most 18 digits and a power of ten.
struct ExactNumber: Sendable {
    /// The digits without their point, signed.
    let coefficient: Int64
    /// How many of the digits stand after the point; never negative.
    let scale: Int

    /// How many decimals a quotient has at most.
    static let quotientDecimals = 12
    private static let coefficientLimit: Int128 = 1_000_000_000_000_000_000

    init(_ coefficient: Int64, scale: Int = 0) {
        self.coefficient = coefficient
        self.scale = scale
    }

    init(_ decimal: Decimal) {
        self.init(decimal.coefficient, scale: decimal.scale)
    }

    /// Reads decimal text as ``Core/Decimal`` does. Returns nil for other text and for numbers of more than 18 digits.
    init?(decimal bytes: UnsafeBufferPointer<UInt8>) {
        var coefficient: Int64 = 0
        var scale = 0
        var digits = 0
        var hasPoint = false
        let isNegative = bytes.first == UInt8(ascii: "-")
        for byte in bytes.dropFirst(isNegative ? 1 : 0) {
            if byte &- UInt8(ascii: "0") < 10, digits < Decimal.digitLimit {
                coefficient = coefficient &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
                digits += 1
                if hasPoint { scale += 1 }
            } else if byte == UInt8(ascii: "."), !hasPoint, digits > 0 {
                hasPoint = true
            } else {
                self.init(unusual: bytes)
                return
            }
        }
        guard digits > 0, !hasPoint || scale > 0 else { return nil }
        self.init(isNegative ? -coefficient : coefficient, scale: scale)
    }

    /// Reads what has an exponent, or more digits than a number may have, though they may be zeros at its ends.
    private init?(unusual bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count <= Decimal.textLimit + 8, let first = bytes.first,
            first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10,
            let decimal = Decimal(String(decoding: bytes, as: UTF8.self))
        else { return nil }
        self.init(decimal)
    }

    /// The number of a coefficient of any size, or nil when it needs more than 18 digits.
    private init?(fitting coefficient: Int128, scale: Int) {
        var coefficient = coefficient
        var scale = scale
        while scale > 0, coefficient.magnitude >= Self.coefficientLimit.magnitude, coefficient % 10 == 0 {
            coefficient /= 10
            scale -= 1
        }
        guard coefficient.magnitude < Self.coefficientLimit.magnitude else { return nil }
        self.init(Int64(coefficient), scale: coefficient == 0 ? 0 : scale)
    }

    /// The coefficient at a larger scale, or nil when that is more than 18 digits longer.
    private func coefficient(at scale: Int) -> Int128? {
        guard self.coefficient != 0 else { return 0 }
        return Self.power(scale - self.scale).map { Int128(self.coefficient) * $0 }
    }

    /// Ten to a power from 0 to 18.
    private static func power(_ exponent: Int) -> Int128? {
        guard (0...Decimal.digitLimit).contains(exponent) else { return nil }
        return (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}

extension ExactNumber {
    /// The sum, or nil when it needs more than 18 digits.
    func adding(_ other: ExactNumber) -> ExactNumber? {
        let common = max(scale, other.scale)
        guard let one = coefficient(at: common), let two = other.coefficient(at: common) else { return nil }
        return ExactNumber(fitting: one + two, scale: common)
    }

    /// The number with the other sign.
    var negated: ExactNumber { ExactNumber(-coefficient, scale: scale) }

    /// The product, or nil when it needs more than 18 digits.
    func multiplied(by other: ExactNumber) -> ExactNumber? {
        ExactNumber(fitting: Int128(coefficient) * Int128(other.coefficient), scale: scale + other.scale)
    }

    /// The quotient by a number that is not zero, rounded half away from zero to 12 decimals, or to as many as 18
    /// digits leave room for. Nil when it needs more than 18 digits before the point.
    func divided(by other: ExactNumber) -> ExactNumber? {
        for decimals in stride(from: Self.quotientDecimals, through: 0, by: -1) {
            let shift = decimals - scale + other.scale
            guard let factor = Self.power(abs(shift)) else { continue }
            let sign: Int128 = other.coefficient < 0 ? -1 : 1
            let numerator = sign * Int128(coefficient) * (shift > 0 ? factor : 1)
            let divisor = sign * Int128(other.coefficient) * (shift < 0 ? factor : 1)
            let half = numerator < 0 ? -(divisor / 2) : divisor / 2
            if let quotient = ExactNumber(fitting: (numerator + half) / divisor, scale: decimals) { return quotient }
        }
        return nil
    }

    /// How this number stands to another: negative when it is smaller, zero when both are equal.
    func order(to other: ExactNumber) -> Int {
        if scale == other.scale {
            return coefficient < other.coefficient ? -1 : coefficient > other.coefficient ? 1 : 0
        }
        let common = max(scale, other.scale)
        // A number whose digits begin more than 18 places further left is the larger one by far, unless it is zero.
        guard let one = coefficient(at: common) else { return coefficient < 0 ? -1 : 1 }
        guard let two = other.coefficient(at: common) else { return other.coefficient < 0 ? 1 : -1 }
        return one < two ? -1 : one > two ? 1 : 0
    }
}

extension ExactNumber: CustomStringConvertible {
    /// The number as JSON writes it, without an exponent.
    var description: String {
        let digits = String(coefficient.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        let sign = coefficient < 0 ? "-" : ""
        return scale == 0 ? sign + padded : "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }
}
