public import Core

/// What a snapshot says of itself before its points.
public struct SnapshotHead: Sendable {
    /// The name of the collection that it is of.
    public let collection: String
    /// What the collection was made for.
    public let definition: CollectionDefinition
    /// The position of the log that it is of: every change up to there is in it, and none after it.
    public let position: LogPosition
    /// When it was made.
    public let createdAt: Timestamp
    /// How many points it has.
    public let pointCount: Int64
}

extension SnapshotHead: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("collection", collection)
            json.member("position", position)
            json.member("created_at", createdAt)
            json.member("points", pointCount)
            json.member("definition", definition)
        }
    }

    /// Reads what ``write(to:)`` wrote, which may come from anybody.
    ///
    /// - throws: ``Failure`` `invalid_request`, `malformed_json`.
    init(_ bytes: [UInt8]) throws {
        self = try JSONFields.read(JSONParser.parse(bytes)) { fields in
            let definition = fields.value("definition") ?? .null
            return SnapshotHead(
                collection: fields.string("collection", length: 1...CollectionDefinition.nameLimit),
                definition: try CollectionDefinition(checked: JSONWriter.bytes(of: definition)),
                position: LogPosition(fields.integer("position", in: 0...Int64.max)),
                createdAt: fields.optionalTimestamp("created_at") ?? .earliest,
                pointCount: fields.integer("points", in: 0...Int64.max))
        }
    }
}

extension CollectionDefinition {
    /// Reads a definition that may come from anybody, in the form in which it is exported.
    ///
    /// - throws: ``Failure`` `invalid_request` when no collection can be made for it.
    public init(checked bytes: [UInt8]) throws {
        try self.init(stored: bytes)
        guard Set(vectors.map(\.name)).count == vectors.count else {
            throw Failure.invalid(at: "/definition/vectors", "Two kinds of vectors have one name.")
        }
        guard Set(indexes.map(\.path)).count == indexes.count else {
            throw Failure.invalid(at: "/definition/indexes", "A field is indexed twice.")
        }
        for (place, index) in indexes.enumerated() {
            do {
                _ = try index.field()
            } catch let failure as Failure {
                throw Failure.invalid(at: "/definition/indexes/\(place)/path", failure.rowMessage)
            }
        }
    }

    /// Whether a collection may be called so: by no control character and nothing that paths are made of.
    public static func isName(_ name: String) -> Bool {
        (1...nameLimit).contains(name.unicodeScalars.count)
            && !name.unicodeScalars.contains { $0.value < 32 || "<>:\"/\\|?*".unicodeScalars.contains($0) }
    }
}

extension Failure {
    /// What is wrong in one text: each wrong value, or else the message.
    var rowMessage: String { errors.isEmpty ? message : errors.map(\.message).joined(separator: " ") }
}
