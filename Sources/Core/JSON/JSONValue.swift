/// A JSON value as a tree. Numbers keep their text, so an amount is read from what the client wrote.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number by its text, which is valid JSON.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// A whole number.
    public static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// What the value is, for messages: "a string", "null".
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object, in their order. Names are unique.
public struct JSONObject: Sendable, Hashable {
    /// A name and its value.
    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: JSONValue

        /// A member by its name and value.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The members in their order.
    public internal(set) var members: [Member]

    /// An object of members, whose names must be unique.
    public init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of a member, or nil when there is none of that name.
    public subscript(name: String) -> JSONValue? {
        for member in members where member.name == name { return member.value }
        return nil
    }
}

extension JSONValue: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .bool(let value): json.value(value)
        case .number(let text): json.raw(text.utf8)
        case .string(let text): json.value(text)
        case .array(let values): json.array(values)
        case .object(let object): json.value(object)
        }
    }
}

extension JSONObject: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            for member in members {
                json.key(named: member.name)
                json.value(member.value)
            }
        }
    }
}
