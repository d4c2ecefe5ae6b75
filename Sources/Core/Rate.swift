/// A share such as a tax rate, exact to a millionth: `0.0875` is 87,500 parts per million.
public struct Rate: Hashable, Sendable {
    /// The rate in millionths, from 0 to 10,000,000 (1,000 %).
    public let partsPerMillion: Int64

    /// The largest rate, in millionths.
    public static let limit: Int64 = 10_000_000

    /// Nothing.
    public static let zero = Rate(stored: 0)

    /// A rate that stands in our own table.
    public init(stored partsPerMillion: Int64) {
        self.partsPerMillion = partsPerMillion
    }

    /// Reads decimal text exactly. Returns nil for text that is not a number of at most six decimals from 0 to 10.
    public init?(_ text: some StringProtocol) {
        guard let parts = Decimal(text)?.exactly(digits: 6), (0...Self.limit).contains(parts) else { return nil }
        self.init(stored: parts)
    }
}

extension Rate: CustomStringConvertible {
    /// The rate as a decimal number without trailing zeros: `0.0875`.
    public var description: String {
        String(unsafeUninitializedCapacity: DecimalText.capacity) { write(to: $0) }
    }

    /// Writes the text into the start of a buffer of ``DecimalText/capacity`` bytes and returns its length.
    func write(to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var length = DecimalText.write(partsPerMillion, digits: 6, to: buffer)
        while buffer[length - 1] == UInt8(ascii: "0") { length -= 1 }
        return buffer[length - 1] == UInt8(ascii: ".") ? length - 1 : length
    }
}
