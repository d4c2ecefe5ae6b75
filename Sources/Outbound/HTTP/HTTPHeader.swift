public import Core

/// A header field that can be sent: nothing in it can end its line.
public struct HTTPHeader: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The value.
    public let value: String

    /// Fields that the client writes itself.
    private static let reserved: Set = [
        "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// A field that anybody may have written.
    ///
    /// - throws: ``Failure`` `header_invalid` for a name that is no token (RFC 9110, section 5.6.2), a value with a
    ///   control character, and a field of the connection itself.
    public init(_ name: String, _ value: String) throws(Failure) {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
            throw .headerInvalid(
                "name \"\(name.prefix(100))\" has other characters than letters, digits and !#$%&'*+-.^_`|~")
        }
        guard !Self.reserved.contains(name.lowercased()) else {
            throw .headerInvalid("\(name) is set by the client itself; leave it out")
        }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }) else {
            throw .headerInvalid("\(name) has a line break or another control character in its value")
        }
        self.init(unchecked: name, value)
    }

    init(unchecked name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
