import Core
import Storage

/// An address as its column holds it: the JSON that an ``Address`` wrote. A list of orders copies it from the table to
/// the answer; its parts are read only when they are wanted.
struct StoredAddress: Sendable, Hashable {
    private let json: [UInt8]

    /// An address on its way into the table.
    init(_ address: Address) {
        json = JSONWriter.bytes(of: address, capacity: 256)
    }

    /// An address that stands in our own table.
    init(stored json: [UInt8]) {
        self.json = json
    }

    /// The parts.
    var address: Address {
        get throws { try Address(stored: json) }
    }

    /// The address as a column takes it.
    var column: SQLValue { .utf8(json) }
}

extension StoredAddress: JSONEncodable {
    func write(to json: inout JSONWriter) { json.raw(self.json) }
}
