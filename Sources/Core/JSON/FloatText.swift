import Foundation

/// Turns the decimal text of a number into the nearest `Float`.
enum FloatText {
    /// The powers of ten that a `Double` holds exactly.
    private static let powers: [Double] = (0...22).map { Double("1e\($0)") ?? .nan }

    /// The nearest `Float` to a number that is valid JSON; infinity when it is too large.
    ///
    /// The digits become a whole number and a power of ten, and their product as a `Double` is off by at most two of
    /// its last places. That decides the `Float` unless it lies that close to the middle between two of them, where the
    /// C library looks at all digits (compare W. D. Clinger, How to read floating point numbers accurately, 1990).
    static func value(_ text: UnsafeBufferPointer<UInt8>) -> Float {
        quickValue(text) ?? exactValue(text)
    }

    private static func quickValue(_ text: UnsafeBufferPointer<UInt8>) -> Float? {
        var index = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var digits: UInt64 = 0
        var count = 0
        var exponent = 0
        var hasPoint = false
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                hasPoint = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                digits = digits &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
                if digits > 0 || count > 0 { count &+= 1 }
                if hasPoint { exponent &-= 1 }
            } else {
                break
            }
            index &+= 1
        }
        guard count <= 19 else { return nil }
        if index < text.count {
            guard let written = writtenExponent(text, from: index + 1) else { return nil }
            exponent += written
        }
        guard digits > 0 else { return isNegative ? -0.0 : 0.0 }
        guard (-22...22).contains(exponent) else { return nil }
        let value = exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
        // The 29 bits of a Double that a Float has no room for.
        let rest = Int64(value.bitPattern & 0x1FFF_FFFF)
        guard abs(rest - 0x1000_0000) > 4, value >= Double(Float.leastNormalMagnitude) else { return nil }
        return Float(isNegative ? -value : value)
    }

    private static func writtenExponent(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard text.count - start <= 4 else { return nil }
        return Int(String(decoding: UnsafeBufferPointer(rebasing: text[start...]), as: UTF8.self))
    }

    private static func exactValue(_ text: UnsafeBufferPointer<UInt8>) -> Float {
        strtof(String(decoding: text, as: UTF8.self), nil)
    }
}
