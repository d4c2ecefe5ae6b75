import Core

/// Values as JSON text.
enum JSONText {
    static func of(_ value: JSONValue) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }
}
