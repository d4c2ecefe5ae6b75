public import Core

/// Whom an e-mail is from or for.
public struct EmailAddress: SettingText, Hashable {
    /// What people read; nil when there is none.
    public let name: String?
    /// What servers read: `name@example.com`.
    public let address: String

    /// How an address is written.
    public static let forms = "name@example.com, or Some Name <name@example.com>"

    /// How long an address may be (RFC 5321, section 4.5.3.1), and a name.
    private static let lengthLimit = 254

    /// Reads `name@example.com` or `Some Name <name@example.com>`. Hosts of other scripts are written as `xn--`. A text
    /// with a line break or another control character is refused, and never read as something else.
    ///
    /// - throws: ``Failure`` `email_address_invalid`.
    public init(_ text: String) throws(Failure) {
        guard let open = text.lastIndex(of: "<") else {
            try self.init(name: nil, address: text)
            return
        }
        guard text.last == ">" else { throw .emailAddressInvalid(text) }
        let name = text[..<open].filter { $0 != "\"" }.split(separator: " ").joined(separator: " ")
        try self.init(name: name, address: String(text[text.index(after: open)...].dropLast()))
    }

    /// An address by its parts.
    ///
    /// - throws: ``Failure`` `email_address_invalid`.
    public init(name: String?, address: String) throws(Failure) {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, address.utf8.count <= Self.lengthLimit, Self.isLocalPart(parts[0]),
            Self.isHost(parts[1])
        else { throw .emailAddressInvalid(address) }
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        guard name.map({ Self.withoutControls($0) == $0 }) ?? true else { throw .emailAddressInvalid(name ?? "") }
        guard (name?.utf8.count ?? 0) <= Self.lengthLimit else { throw .emailAddressInvalid(address) }
        self.name = name
        self.address = address
    }

    /// A text with a blank in the place of each line break and other control character, so that it cannot end a line.
    static func withoutControls(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }

    /// A dot-string of RFC 5321, section 4.1.2. Quoted ones are allowed by that and used by nobody.
    private static func isLocalPart(_ text: Substring) -> Bool {
        let atoms = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64 && atoms.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isAtomByte) }
    }

    private static func isHost(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
                && label.first != "-" && label.last != "-"
        }
    }

    static func isAtomByte(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
