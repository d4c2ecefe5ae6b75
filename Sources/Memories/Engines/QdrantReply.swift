import ChangeLog
import Core
import Search

/// What is read from the answers of a Qdrant server. What they have beyond that does not matter.
enum QdrantReply {
    /// The member of a payload with the whole id of a point.
    static let keyField: StaticString = "key"
    /// The member of a payload with the position of the log that a point is of.
    static let positionField: StaticString = "position"

    /// The member of a payload with the change of the log that stands there.
    static let changeField: StaticString = "change"

    /// A point of an answer.
    struct Found {
        /// As its text.
        let id: String
        let score: Float?
        let payload: JSONObject
    }

    /// The points of a list.
    static func points(_ list: JSONValue?) -> [Found] {
        guard case .array(let elements) = list else { return [] }
        return elements.compactMap { element in
            guard case .object(let point) = element else { return nil }
            let id: String
            switch point["id"] {
            case .string(let text), .number(let text): id = text
            default: return nil
            }
            var score: Float?
            if case .number(let text) = point["score"] { score = Float(text) }
            guard case .object(let payload) = point["payload"] else {
                return Found(id: id, score: score, payload: JSONObject())
            }
            return Found(id: id, score: score, payload: payload)
        }
    }

    /// The member of a result.
    static func member(_ name: String, of result: JSONValue) -> JSONValue {
        guard case .object(let object) = result else { return .null }
        return object[name] ?? .null
    }

    /// The position in a payload.
    static func position(_ payload: JSONObject) -> LogPosition? {
        guard case .number(let text) = payload["position"] else { return nil }
        return Int64(text).map { LogPosition($0) }
    }

    /// The position in a payload with the change that stands there.
    static func mark(_ payload: JSONObject) -> LogMark? {
        guard let position = position(payload), case .string(let change) = payload["change"] else { return nil }
        return LogMark(position, change)
    }

    /// The id of a point of ours in a payload.
    static func key(_ payload: JSONObject) -> PointKey? {
        guard case .string(let text) = payload["key"] else { return nil }
        return key(text)
    }

    /// The bytes of an id as hexadecimal digits.
    static func text(of key: PointKey) -> String {
        var text = ""
        for byte in key.bytes { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return text
    }

    private static func key(_ text: String) -> PointKey? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return PointKey(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}

/// The version of a Qdrant server.
enum QdrantVersion {
    /// The first that has `points/query`.
    static let required = (major: 1, minor: 10)

    /// Refuses what is no Qdrant, and one that is too old.
    static func check(_ greeting: JSONValue) throws {
        guard case .string(let version) = QdrantReply.member("version", of: greeting) else {
            throw Failure(
                .invalid, code: "qdrant_missing",
                "memories.qdrant_url leads to something that is no Qdrant: its answer to GET / names no version.")
        }
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        guard numbers.count >= 2, (numbers[0], numbers[1]) >= (required.major, required.minor) else {
            throw Failure(
                .invalid, code: "qdrant_too_old", "Qdrant \(version.prefix(40)) is too old: 1.10 or later is needed.")
        }
    }
}
