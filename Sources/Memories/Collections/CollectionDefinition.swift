public import Core
public import Search

/// What a collection is made for: its vectors, and the fields of payloads that are indexed.
public struct CollectionDefinition: Sendable, Equatable {
    /// How long a name may be, in characters.
    public static let nameLimit = 255
    /// How many kinds of vectors a collection may have.
    public static let vectorLimit = 32
    /// How many fields may be indexed.
    public static let indexLimit = 256

    /// The vectors that each point may have. Those in the table are told apart by their place here, so none is taken
    /// out or moved.
    public var vectors: [VectorDefinition]
    /// The indexed fields of payloads, by their paths.
    public var indexes: [PayloadFieldDefinition]
    /// Whether what points were is kept when they are written over or deleted.
    public var keepsHistory = false
    /// What the client noted about the collection.
    public private(set) var metadata: JSONObject?

    /// A collection of vectors.
    public init(vectors: [VectorDefinition], indexes: [PayloadFieldDefinition] = []) {
        self.vectors = vectors
        self.indexes = indexes
    }

    /// Puts what the client notes about the collection in the place of what was noted.
    ///
    /// - throws: ``Failure`` `invalid_request` at `/metadata` for what cannot be stored.
    public mutating func note(_ metadata: JSONObject) throws {
        try StoredObject.check(
            metadata, size: JSONWriter.bytes(of: metadata).count, limit: StoredObject.noteLimit, at: "/metadata")
        self.metadata = metadata
    }

    /// The place of a kind of vectors by its name, or nil when there is none.
    public func place(of name: String) -> Int? { vectors.firstIndex { $0.name == name } }

    /// The place of a kind of vectors by its name.
    ///
    /// - throws: ``Failure`` `invalid_request` at a pointer, when there is none.
    public func requirePlace(of name: String, at pointer: String) throws -> Int {
        guard let place = place(of: name) else {
            let wrong = name.isEmpty ? "a vector without a name" : "a vector \"\(name.prefix(Self.nameLimit))\""
            throw Failure.invalid(at: pointer, "The collection has no \(wrong.dropFirst(2)), but \(vectorNames).")
        }
        return place
    }

    /// The names of its vectors as a message names them.
    private var vectorNames: String {
        vectors.map { $0.name.isEmpty ? "the one without a name" : "\"\($0.name)\"" }.joined(separator: ", ")
    }
}

/// An indexed field of payloads.
public struct PayloadFieldDefinition: Sendable, Equatable {
    /// The path of the field.
    public let path: String
    /// What kind of values are indexed.
    public let kind: PayloadField.Kind
    /// Further options as the client gave them, which are shown again.
    public let options: JSONObject?

    /// A field of a kind.
    public init(_ path: String, _ kind: PayloadField.Kind, options: JSONObject? = nil) {
        self.path = path
        self.kind = kind
        self.options = options
    }
}

extension PayloadFieldDefinition {
    /// The field as it is indexed.
    func field() throws -> PayloadField {
        PayloadField(
            try PayloadPath(path), kind, isLookedUp: options?["lookup"] != .bool(false),
            isRanged: options?["range"] != .bool(false))
    }
}

extension CollectionDefinition: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    func writeMembers(to json: inout JSONWriter) {
        json.member("vectors", array: vectors)
        json.member("indexes", array: indexes)
        if let metadata { json.member("metadata", metadata) }
        if keepsHistory { json.member("keeps_history", true) }
    }

    /// Reads what ``write(to:)`` wrote.
    init(stored bytes: [UInt8]) throws {
        self = try JSONFields.read(JSONParser.parse(bytes)) { fields in
            var definition = CollectionDefinition(
                vectors: fields.objects("vectors", count: 0...Self.vectorLimit) { VectorDefinition(&$0) },
                indexes: fields.objects("indexes", count: 0...Self.indexLimit) { PayloadFieldDefinition(&$0) })
            definition.metadata = fields.optionalTree("metadata")
            definition.keepsHistory = fields.optionalBool("keeps_history") ?? false
            return definition
        }
    }
}

extension PayloadFieldDefinition: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("path", path)
            json.member("kind", kind.rawValue)
            if let options { json.member("options", options) }
        }
    }

    fileprivate init(_ fields: inout JSONFields) {
        self.init(
            fields.string("path", length: 1...1_024), fields.choice("kind", PayloadField.Kind.self) ?? .keyword,
            options: fields.optionalTree("options"))
    }
}
