public import HTTPTypes
import NIOHTTP1

/// The header fields of a request, found by name whatever their case.
///
/// Each look walks the list: a request has few fields, and making an index of them would cost more than it saves.
public struct RequestHeaders: Sendable {
    private let fields: HTTPHeaders

    init(_ fields: HTTPHeaders) {
        self.fields = fields
    }

    /// The value of a field, or nil without one. Fields of one name count as one list (RFC 9110, section 5.3).
    public subscript(name: HTTPField.Name) -> String? {
        var found: String?
        for field in fields where Self.isEqual(field.name, name.canonicalName) {
            found = found.map { "\($0), \(field.value)" } ?? field.value
        }
        return found
    }

    /// Whether a name as it was sent is one in lower case.
    private static func isEqual(_ name: String, _ canonicalName: String) -> Bool {
        guard name.utf8.count == canonicalName.utf8.count else { return false }
        return zip(name.utf8, canonicalName.utf8).allSatisfy { sent, wanted in
            sent == wanted || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(sent) && sent | 0x20 == wanted
        }
    }
}
