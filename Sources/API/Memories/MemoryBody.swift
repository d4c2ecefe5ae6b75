import Core
import Memories
import Search

/// A memory or a part of a document as a client sends it.
struct MemoryBody: Sendable {
    var input: PointInput
    var namespace: String?
    /// The payload as it was read; `input` has its bytes.
    var payload = JSONObject([])
    /// Where it stands in the request.
    var pointer: String

    /// How many may be sent at once.
    static let batchLimit = 1_000
    /// How long the texts of a payload may be, in characters, by their names.
    private static let texts: [String: ClosedRange<Int>] = [
        "category": 1...255, "key": 1...1_000, "value": 0...100_000, "source": 0...255, "group_key": 1...255,
        "text": 0...1_000_000,
    ]

    /// Reads one.
    static func read(_ reader: inout JSONReader, _ kind: MemoryCollections.Kind) throws -> MemoryBody {
        var key: PointKey?
        var body = MemoryBody(input: PointInput(key: .text("")), pointer: reader.pointer)
        var hasPayload = false
        try reader.object { name, reader in
            switch name {
            case "point_id": key = try reader.pointKey(.text)
            case "vector" where try reader.kind() == .null: try reader.expectNull()
            case "vector":
                body.input.vectors = [
                    PointInput.Vector(name: "", components: try reader.vector(), pointer: reader.pointer)
                ]
            case "payload":
                (body.payload, body.input.payload) = try payload(&reader, kind)
                hasPayload = true
            case "namespace" where kind == .memory:
                body.namespace = try reader.optionalText(MemoryCollections.namespaceLength)
            case "expires_at": body.input.expiresAt = try reader.optionalTimestamp()
            default: throw reader.failure("There is no member of this name here.")
            }
        }
        guard let key else { throw reader.failure("This member is required.", member: "point_id") }
        guard hasPayload else { throw reader.failure("This member is required.", member: "payload") }
        body.input.key = key
        return body
    }

    /// Reads a batch, in which each id stands once.
    static func list(
        _ reader: inout JSONReader, member: String, _ kind: MemoryCollections.Kind
    ) throws -> [MemoryBody] {
        var bodies: [MemoryBody] = []
        var keys = Set<PointKey>()
        try reader.object { name, reader in
            guard name == member else { throw reader.failure("There is no member of this name here.") }
            try reader.array { reader in
                guard bodies.count < batchLimit else {
                    throw reader.failure("At most \(batchLimit) are expected at once.")
                }
                let body = try read(&reader, kind)
                guard keys.insert(body.input.key).inserted else {
                    throw reader.failure("This id stands in the batch twice.", member: "point_id")
                }
                bodies.append(body)
            }
        }
        guard !bodies.isEmpty else { throw reader.failure("At least one is expected.", member: member) }
        return bodies
    }

    /// What the vector of a payload is made of: the key and the value of a memory, the text of a part of a document.
    static func text(of payload: JSONObject, _ kind: MemoryCollections.Kind) -> String {
        func text(_ name: String) -> String {
            if case .string(let text)? = payload[name] { text } else { "" }
        }
        guard kind == .memory else { return text("text") }
        return text("value").isEmpty ? text("key") : "\(text("key")): \(text("value"))"
    }

    private static func payload(
        _ reader: inout JSONReader, _ kind: MemoryCollections.Kind
    ) throws -> (JSONObject, [UInt8]) {
        let (object, bytes) = try reader.storedObject()
        try check(object, kind, isWhole: true) { reader.failure($1, member: $0) }
        return (object, bytes)
    }

    /// Checks the members of a payload that the API knows. Others are stored as they are.
    ///
    /// - parameters:
    ///   - isWhole: whether all of them must be there.
    ///   - failure: says what is wrong with a member.
    static func check(
        _ object: JSONObject, _ kind: MemoryCollections.Kind, isWhole: Bool,
        _ failure: (_ member: String, _ message: String) -> Failure
    ) throws {
        let integers =
            kind == .memory
            ? ["user_id", "created", "updated"]
            : ["user_id", "file_id", "file_type", "chunk_index", "start_line", "end_line", "created"]
        let strings = kind == .memory ? ["category", "key", "value", "source"] : ["group_key", "text"]
        for name in integers {
            guard let value = object[name] else {
                if isWhole { throw failure(name, "This member is required.") }
                continue
            }
            guard isInteger(value) else { throw failure(name, "A whole number is expected.") }
        }
        for name in strings {
            guard let value = object[name] else {
                if isWhole { throw failure(name, "This member is required.") }
                continue
            }
            let length = texts[name] ?? 0...255
            guard case .string(let text) = value, length.contains(text.unicodeScalars.count) else {
                throw failure(
                    name, "A text of \(length.lowerBound) to \(length.upperBound) characters is expected.")
            }
        }
        guard kind == .memory else { return }
        if let value = object["message_id"], value != .null, !isInteger(value) {
            throw failure("message_id", "A whole number is expected, or null.")
        }
        guard let active = object["active"] else {
            if isWhole { throw failure("active", "This member is required.") }
            return
        }
        guard case .bool = active else { throw failure("active", "true or false is expected.") }
    }

    private static func isInteger(_ value: JSONValue) -> Bool {
        if case .number(let text) = value { Int64(text) != nil } else { false }
    }
}

extension JSONReader {
    /// Reads a text of a length in Unicode scalars; null is no text.
    mutating func optionalText(_ length: ClosedRange<Int>) throws -> String? {
        switch try value() {
        case .null: return nil
        case .string(let text) where length.contains(text.unicodeScalars.count): return text
        default:
            throw failure("A text of \(length.lowerBound) to \(length.upperBound) characters is expected.")
        }
    }

    /// Reads a moment in RFC 3339; null is none.
    mutating func optionalTimestamp() throws -> Timestamp? {
        switch try value() {
        case .null: return nil
        case .string(let text):
            if let moment = Timestamp(text) { return moment }
            fallthrough
        default: throw failure("A time in RFC 3339 is expected, for example 2026-11-21T09:30:00Z.")
        }
    }
}
