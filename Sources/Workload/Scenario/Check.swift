import Core

/// What an answer must be like to count as right.
enum Check: Sendable, Equatable {
    /// One of some statuses.
    case status(Set<Int>)
    /// A text stands in the body.
    case contains(String)
    /// A value stands at a place of the body, which is JSON (RFC 6901).
    case json(pointer: String, value: JSONValue)
    /// It came within a time after it was sent.
    case within(Duration)

    /// Whether the body has to be read for it.
    var needsBody: Bool {
        switch self {
        case .contains, .json: true
        case .status, .within: false
        }
    }

    /// What it asks for, as reports say it.
    var text: String {
        switch self {
        case .status(let statuses): "status \(statuses.sorted().map(String.init).joined(separator: " or "))"
        case .contains(let text): "body contains \"\(text.prefix(60))\""
        case .json(let pointer, let value): "\(pointer) is \(value.compactText.prefix(60))"
        case .within(let duration): "within \(DurationText.text(duration))"
        }
    }

    /// Whether an answer is like that.
    ///
    /// - parameter time: how long it took from when it was sent.
    func holds(status: Int, body: [UInt8], json: JSONValue?, time: Duration) -> Bool {
        switch self {
        case .status(let statuses): statuses.contains(status)
        case .contains(let text): body.firstRange(of: Array(text.utf8)) != nil
        case .json(let pointer, let value): json?.value(at: pointer) == value
        case .within(let duration): time <= duration
        }
    }
}

extension JSONValue {
    /// The value at a pointer (RFC 6901); nil where there is none.
    func value(at pointer: String) -> JSONValue? {
        guard !pointer.isEmpty else { return self }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).reduce(self as JSONValue?) {
            let name = String($1).replacing("~1", with: "/").replacing("~0", with: "~")
            switch $0 {
            case .object(let object): return object[name]
            case .array(let elements):
                guard let index = Int(name), elements.indices.contains(index) else { return nil }
                return elements[index]
            default: return nil
            }
        }
    }

    /// The value as JSON in one line.
    var compactText: String { String(decoding: JSONWriter.bytes(of: self), as: UTF8.self) }
}
