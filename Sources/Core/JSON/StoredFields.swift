/// The members of an object of ours as they stand in a table or in the change log.
public struct StoredFields: Sendable {
    private let object: JSONObject

    /// Reads a document.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is no object.
    public init(_ document: [UInt8]) throws {
        // What cannot be read was written by us: the one who asks for it has sent nothing malformed.
        guard case .object(let object)? = try? JSONParser.parse(document) else { throw Self.corrupt("") }
        self.object = object
    }

    /// A member as it stands there.
    public subscript(_ name: String) -> JSONValue? { object[name] }

    /// A member that is a text.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func text(_ name: String) throws -> String {
        guard case .string(let text) = object[name] else { throw Self.corrupt(name) }
        return text
    }

    /// A member that is an array of texts.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func texts(_ name: String) throws -> [String] {
        guard case .array(let elements) = object[name] else { throw Self.corrupt(name) }
        return try elements.map { element in
            guard case .string(let text) = element else { throw Self.corrupt(name) }
            return text
        }
    }

    /// A member that is a whole number.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func integer(_ name: String) throws -> Int64 {
        guard let integer = try optionalInteger(name) else { throw Self.corrupt(name) }
        return integer
    }

    /// A member that is a whole number; nil where it is missing or null.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func optionalInteger(_ name: String) throws -> Int64? {
        switch object[name] {
        case nil, .null: return nil
        case .number(let text):
            guard let integer = Int64(text) else { throw Self.corrupt(name) }
            return integer
        default: throw Self.corrupt(name)
        }
    }

    /// A member that is a number.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func number(_ name: String) throws -> Double {
        guard case .number(let text) = object[name], let number = Double(text) else { throw Self.corrupt(name) }
        return number
    }

    /// A member that is a time.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func time(_ name: String) throws -> Timestamp {
        guard let time = try optionalTime(name) else { throw Self.corrupt(name) }
        return time
    }

    /// A member that is a time; nil where it is missing or null.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func optionalTime(_ name: String) throws -> Timestamp? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text):
            guard let time = Timestamp(text) else { throw Self.corrupt(name) }
            return time
        default: throw Self.corrupt(name)
        }
    }

    /// A member that is an object.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    public func object(_ name: String) throws -> JSONObject {
        guard case .object(let value) = object[name] else { throw Self.corrupt(name) }
        return value
    }

    private static func corrupt(_ name: String) -> Failure {
        Failure(.internal, code: "corrupt_row", "A stored object has no proper member \(name).")
    }
}
