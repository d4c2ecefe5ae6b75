/// A value that writes itself as JSON.
public protocol JSONEncodable {
    /// Writes exactly one JSON value.
    func write(to json: inout JSONWriter)
}

extension String: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.string(self) }
}

extension Int: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.integer(Int64(self)) }
}

extension Int64: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.integer(self) }
}

extension Bool: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.literal(self ? "true" : "false") }
}

extension Double: JSONEncodable {
    /// Writes the shortest text that reads back as the same number; JSON has no infinities, so those become `null`.
    public func write(to json: inout JSONWriter) {
        if isFinite { json.raw(description.utf8) } else { json.null() }
    }
}

extension Float: JSONEncodable {
    /// Writes the shortest text that reads back as the same number; JSON has no infinities, so those become `null`.
    public func write(to json: inout JSONWriter) {
        if isFinite { json.raw(description.utf8) } else { json.null() }
    }
}

extension Identifier: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.plain(capacity: 36) { buffer in
            write(to: buffer)
            return 36
        }
    }
}

extension Timestamp: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.plain(capacity: 27) { write(to: $0) } }
}

extension Money: JSONEncodable {
    /// Writes the amount as a decimal string; its currency stands in a member of its own.
    public func write(to json: inout JSONWriter) { json.plain(capacity: DecimalText.capacity) { write(to: $0) } }
}

extension Rate: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.plain(capacity: DecimalText.capacity) { write(to: $0) } }
}

extension LogPosition: JSONEncodable {
    public func write(to json: inout JSONWriter) { json.integer(value) }
}
