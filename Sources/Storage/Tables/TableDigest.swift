import Crypto

/// SHA-256 over all rows of a table in the order of its key, in the form of ``TablePage``: equal on every engine when
/// the rows are.
public struct TableDigest {
    private var hash = SHA256()

    /// A digest of no rows yet. The header and the trailer of the form are part of it.
    public init() {
        hash.update(data: TablePage.header)
    }

    /// A digest of a stream that brings header and trailer with it.
    init(ofStream: Void) {}

    /// Adds rows.
    public mutating func add(_ page: TablePage) {
        page.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// Adds a part of a stream.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    /// The digest as 64 hexadecimal digits, with the trailer.
    public func finish() -> String {
        var hash = hash
        hash.update(data: TablePage.trailer)
        return Self.text(hash)
    }

    /// The digest of a stream as 64 hexadecimal digits.
    func finishStream() -> String { Self.text(hash) }

    private static func text(_ hash: SHA256) -> String {
        hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
