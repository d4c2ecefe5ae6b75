import Core

/// The members of an element as they stand in a table or in the change log.
public struct StoredFields: Sendable {
    private let object: JSONObject

    /// Reads a document.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is no object.
    init(_ document: [UInt8]) throws {
        guard case .object(let object) = try JSONParser.parse(document) else { throw Self.corrupt("") }
        self.object = object
    }

    /// A member as it stands there.
    subscript(_ name: String) -> JSONValue? { object[name] }

    func text(_ name: String) throws -> String {
        guard case .string(let text) = object[name] else { throw Self.corrupt(name) }
        return text
    }

    func texts(_ name: String) throws -> [String] {
        guard case .array(let elements) = object[name] else { throw Self.corrupt(name) }
        return try elements.map { element in
            guard case .string(let text) = element else { throw Self.corrupt(name) }
            return text
        }
    }

    func integer(_ name: String) throws -> Int64 {
        guard let integer = try optionalInteger(name) else { throw Self.corrupt(name) }
        return integer
    }

    func optionalInteger(_ name: String) throws -> Int64? {
        switch object[name] {
        case nil, .null: return nil
        case .number(let text):
            guard let integer = Int64(text) else { throw Self.corrupt(name) }
            return integer
        default: throw Self.corrupt(name)
        }
    }

    func number(_ name: String) throws -> Double {
        guard case .number(let text) = object[name], let number = Double(text) else { throw Self.corrupt(name) }
        return number
    }

    func time(_ name: String) throws -> Timestamp {
        guard let time = try optionalTime(name) else { throw Self.corrupt(name) }
        return time
    }

    func optionalTime(_ name: String) throws -> Timestamp? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text):
            guard let time = Timestamp(text) else { throw Self.corrupt(name) }
            return time
        default: throw Self.corrupt(name)
        }
    }

    func object(_ name: String) throws -> JSONObject {
        guard case .object(let value) = object[name] else { throw Self.corrupt(name) }
        return value
    }

    private static func corrupt(_ name: String) -> Failure {
        Failure(.internal, code: "corrupt_row", "An element of a graph has no proper member \(name).")
    }
}
