import Core

/// Where a list goes on, as opaque text that is good for that list alone.
///
/// It holds the sort values of the last entry, and a fingerprint of the path, filters and order of the list that it was
/// made by, so that a cursor of another list is refused instead of misread.
enum Cursor {
    /// How long the text of a cursor may be.
    static let lengthLimit = 4_096

    private enum Tag {
        static let integer: UInt8 = 1
        static let text: UInt8 = 2
        static let identifier: UInt8 = 3
    }

    static func encode(_ values: [CursorValue], fingerprint: UInt64) -> String {
        var bytes: [UInt8] = []
        append(fingerprint, to: &bytes)
        for value in values {
            switch value {
            case .integer(let number):
                bytes.append(Tag.integer)
                append(UInt64(bitPattern: number), to: &bytes)
            case .text(let text):
                bytes.append(Tag.text)
                append(UInt64(text.utf8.count), to: &bytes)
                bytes.append(contentsOf: text.utf8)
            case .identifier(let identifier):
                bytes.append(Tag.identifier)
                append(identifier.high, to: &bytes)
                append(identifier.low, to: &bytes)
            }
        }
        return Base64URL.encode(bytes)
    }

    /// - throws: ``Failure`` `invalid_cursor` when the text is no cursor, or one of another list.
    static func decode(_ text: String, fingerprint: UInt64) throws -> [CursorValue] {
        guard text.utf8.count <= lengthLimit, let bytes = Base64URL.decode(text) else { throw invalid }
        var rest = bytes[...]
        guard number(&rest) == fingerprint else { throw invalid }
        var values: [CursorValue] = []
        while let tag = rest.popFirst() {
            guard let value = value(tag, &rest) else { throw invalid }
            values.append(value)
        }
        guard !values.isEmpty else { throw invalid }
        return values
    }

    private static func value(_ tag: UInt8, _ rest: inout ArraySlice<UInt8>) -> CursorValue? {
        guard let first = number(&rest) else { return nil }
        switch tag {
        case Tag.integer:
            return .integer(Int64(bitPattern: first))
        case Tag.text:
            guard first <= UInt64(rest.count) else { return nil }
            let text = String(validating: rest.prefix(Int(first)), as: UTF8.self)
            rest.removeFirst(Int(first))
            return text.map(CursorValue.text)
        case Tag.identifier:
            return number(&rest).map { .identifier(Identifier(high: first, low: $0)) }
        default:
            return nil
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        guard rest.count >= 8 else { return nil }
        defer { rest.removeFirst(8) }
        return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static var invalid: Failure {
        Failure(
            .malformed, code: "invalid_cursor",
            "The cursor is broken, or was made by another list or with other filters. Begin without one.")
    }
}

extension QueryString {
    /// Which list a query asks for: everything but where it is entered and how much of it is wanted (FNV-1a, 64 bits).
    func fingerprint(of path: Substring) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ text: some StringProtocol) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        mix(path)
        for parameter in parameters.sorted(by: { $0.name < $1.name })
        where !["cursor", "limit", "page", "count"].contains(parameter.name) {
            mix(parameter.name)
            mix(parameter.value)
        }
        return hash
    }
}
