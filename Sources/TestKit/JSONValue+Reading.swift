public import Core

extension JSONValue {
    /// The members of an object; none of any other value.
    public var members: [JSONObject.Member] {
        if case .object(let object) = self { object.members } else { [] }
    }

    /// The elements of an array; none of any other value.
    public var elements: [JSONValue] {
        if case .array(let values) = self { values } else { [] }
    }

    /// The text of a string; nil of any other value.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a member of an object; nil when there is none of that name.
    public subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }
}
