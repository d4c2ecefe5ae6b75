import ChangeLog
public import Core
public import Search

/// A point of a collection as it is stored.
public struct Point: Sendable {
    /// The type of points in the change log.
    public static let entityType = "point"
    /// What the change log notes of an id that is a text, even if it looks like a UUID.
    static let textKind = "text"

    /// Its id, unique in its collection.
    public let key: PointKey
    /// How often it was written, from 1.
    public internal(set) var version: Int64
    /// Its payload: a JSON object.
    public internal(set) var payload: [UInt8]
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was written last.
    public internal(set) var updatedAt: Timestamp
    /// When it ends, if ever.
    public internal(set) var expiresAt: Timestamp?
    /// Since which position of the change log it is so; known where its collection keeps history.
    public internal(set) var position: LogPosition
    /// Its vectors; nil where they were not read.
    public internal(set) var vectors: PointVectors?

    /// The payload as a tree.
    public func payloadObject() throws -> JSONObject {
        guard case .object(let object) = try JSONParser.parse(payload) else {
            throw Failure(.internal, code: "corrupt_row", "The payload of a point is no object.")
        }
        return object
    }
}

extension Point {
    /// A point that is written for the first time.
    init(_ draft: PointDraft, at now: Timestamp) {
        self.init(
            key: draft.key, version: 1, payload: draft.payload, createdAt: now, updatedAt: now,
            expiresAt: draft.expiresAt, position: .start, vectors: draft.vectors)
    }

    /// The point written once more.
    func written(at now: Timestamp) -> Point {
        var point = self
        point.version += 1
        point.updatedAt = now
        return point
    }

    /// Puts another payload in the place of the one that it has.
    ///
    /// - parameter pointer: where what makes the payload stands in the body of the request.
    /// - throws: ``Failure`` `invalid_request` for one that cannot be stored.
    public mutating func replacePayload(_ payload: JSONObject, at pointer: String = "/payload") throws {
        let bytes = JSONWriter.bytes(of: payload)
        try StoredObject.check(payload, size: bytes.count, limit: StoredObject.payloadLimit, at: pointer)
        self.payload = bytes
    }

    /// Puts a vector, as the metric stores it, at a place. The vectors must have been read.
    public mutating func setVector(_ components: [Float], at place: Int) { vectors?.set(components, at: place) }

    /// Takes the vector at a place out. The vectors must have been read.
    public mutating func removeVector(at place: Int) { vectors?.remove(at: place) }
}

/// A point that is to be written.
public struct PointDraft: Sendable {
    /// Its id.
    public var key: PointKey
    /// Its payload: a JSON object.
    public var payload: [UInt8]
    /// Its vectors, prepared for their metrics.
    public var vectors: PointVectors
    /// When it is to end, if ever.
    public var expiresAt: Timestamp?

    /// A point with a payload and vectors.
    public init(key: PointKey, payload: [UInt8], vectors: PointVectors, expiresAt: Timestamp? = nil) {
        self.key = key
        self.payload = payload
        self.vectors = vectors
        self.expiresAt = expiresAt
    }
}

extension Point {
    /// What a point is in the change log: the same whenever there is a point of this id in this collection.
    static func entity(_ key: PointKey, in collection: Int64) -> Identifier {
        Identifier(hashing: withUnsafeBytes(of: collection.littleEndian) { Array($0) } + key.bytes)
    }

    /// What the change log tells of it.
    func image(in collection: PointCollection, _ entity: Identifier) -> [UInt8] {
        var json = JSONWriter(capacity: payload.count + 256)
        json.object { json in
            json.member("id", entity)
            json.member("collection", collection.name)
            json.member("point", key)
            if case .text = key { json.member("id_kind", Self.textKind) }
            json.member("version", version)
            json.member("payload", raw: payload)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
            json.member("expires_at", expiresAt)
        }
        return json.bytes
    }
}
