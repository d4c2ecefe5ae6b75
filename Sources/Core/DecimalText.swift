/// Writes whole numbers of small units as decimal numbers.
enum DecimalText {
    /// Room for any 64-bit number with its sign, its point and a leading zero.
    static let capacity = 24

    /// Writes a number of units of `10^-digits`, all decimals included, into the start of a buffer.
    ///
    /// - parameter digits: how many decimals, from 0 to 18.
    /// - returns: the length of the text.
    static func write(_ units: Int64, digits: Int, to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        // The digits come from the right, so they are made at the end of the buffer and moved to its start.
        var start = capacity
        var rest = units.magnitude
        var count = 0
        func put(_ byte: UInt8) {
            start -= 1
            buffer[start] = byte
        }
        repeat {
            if digits > 0, count == digits { put(UInt8(ascii: ".")) }
            put(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            count += 1
        } while rest > 0 || count <= digits
        if units < 0 { put(UInt8(ascii: "-")) }
        for index in start..<capacity { buffer[index - start] = buffer[index] }
        return capacity - start
    }
}
