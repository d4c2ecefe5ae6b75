import Core
import Storage

extension JSONObject {
    /// The object as a column takes it.
    var column: SQLValue { .utf8(JSONWriter.bytes(of: self, capacity: 64)) }
}

extension Array where Element: JSONEncodable {
    /// The values as a column takes them.
    var column: SQLValue {
        var json = JSONWriter(capacity: 64)
        json.array(self)
        return .utf8(json.bytes)
    }
}

extension Row {
    /// An object that stands in a column as JSON.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    func object(_ column: Int) throws -> JSONObject {
        let bytes = bytes(column)
        if bytes.count == 2 { return JSONObject() }
        guard case .object(let object) = try JSONParser.parse(bytes) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds no JSON object.")
        }
        return object
    }

    /// An array of texts that stands in a column as JSON.
    ///
    /// - throws: ``Failure`` `corrupt_row` when it is something else.
    func texts(_ column: Int) throws -> [String] {
        let bytes = bytes(column)
        if bytes.count == 2 { return [] }
        guard case .array(let values) = try JSONParser.parse(bytes) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds no JSON array.")
        }
        return values.compactMap { value in
            guard case .string(let text) = value else { return nil }
            return text
        }
    }
}
