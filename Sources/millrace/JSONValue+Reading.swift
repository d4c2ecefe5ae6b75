import Core

extension JSONValue {
    /// The value of a member of an object; nil when there is none of that name.
    subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The elements of an array; none of any other value.
    var elements: [JSONValue] {
        if case .array(let values) = self { values } else { [] }
    }

    /// The members of an object; none of any other value.
    var members: [JSONObject.Member] {
        if case .object(let object) = self { object.members } else { [] }
    }

    /// A single value for people; nil of null, arrays and objects.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag.description
        case .null, .array, .object: nil
        }
    }

    /// The value in one line of JSON.
    var json: String { String(decoding: JSONWriter.bytes(of: self), as: UTF8.self) }
}

extension JSONValue? {
    /// A single value for people; empty where there is none.
    var text: String { self?.text ?? "" }

    /// The elements of an array; none of any other value.
    var elements: [JSONValue] { self?.elements ?? [] }
}
