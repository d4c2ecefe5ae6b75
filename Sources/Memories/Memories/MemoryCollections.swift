public import ChangeLog
public import Core
public import Search
public import Storage

/// The collections that memories and documents stand in, which are made when something is first written to them.
public struct MemoryCollections: Sendable {
    /// What a point stands for.
    public enum Kind: Sendable {
        /// Something that is remembered of a user.
        case memory
        /// A part of a file of a user.
        case document
    }

    /// How long a namespace may be, in characters.
    public static let namespaceLength = 1...64

    /// The collection of memories without a namespace. That of a namespace is called by this name, `_` and the
    /// namespace.
    public static let memories = "user_memories"
    /// The collection of parts of documents.
    public static let documents = "user_documents"

    /// How many components the vectors of collections that are made have.
    public let dimensions: Int
    private let collections: Collections

    /// Collections whose vectors have as many components as the settings say.
    public init(_ collections: Collections, settings: SettingsValues) {
        self.collections = collections
        dimensions = settings[MemoriesSettings.dimensions]
    }

    /// The name of the collection of a kind and a namespace.
    ///
    /// - throws: ``Failure`` `invalid_request` for a namespace with other characters than letters of ASCII, digits, `_`
    ///   and `-`.
    public func name(_ kind: Kind, namespace: String?) throws -> String {
        let base = kind == .memory ? Self.memories : Self.documents
        guard let namespace else { return base }
        let isValid = namespace.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isValid, Self.namespaceLength.contains(namespace.utf8.count) else {
            throw Failure.invalid(at: "/namespace", "1 to 64 letters of ASCII, digits, _ and - are expected.")
        }
        return "\(base)_\(namespace)"
    }

    /// The names of all collections of memories and documents that there are.
    public func names(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [String] {
        try collections.names(of: tenant, in: transaction).filter { name in
            name == Self.memories || name == Self.documents || name.hasPrefix(Self.memories + "_")
        }
    }

    /// The collection of a name, which is made if there is none.
    public func open(_ name: String, _ kind: Kind, in unit: UnitOfWork) throws -> PointCollection {
        try collections.open(name, definition(of: kind), in: unit)
    }

    private func definition(of kind: Kind) -> CollectionDefinition {
        let fields: [(String, PayloadField.Kind)] =
            switch kind {
            case .memory:
                [
                    ("user_id", .integer), ("active", .bool), ("category", .keyword), ("source", .keyword),
                    ("created", .integer), ("updated", .integer), ("key", .text), ("value", .text),
                ]
            case .document:
                [
                    ("user_id", .integer), ("file_id", .integer), ("group_key", .keyword), ("created", .integer),
                    ("text", .text),
                ]
            }
        var definition = CollectionDefinition(
            vectors: [VectorDefinition(size: dimensions)],
            indexes: fields.map { PayloadFieldDefinition($0.0, $0.1) })
        definition.keepsHistory = true
        return definition
    }
}

extension JSONObject {
    /// The user whose memory or document has this payload.
    public var userID: Int64? {
        if case .number(let text)? = self["user_id"] { Int64(text) } else { nil }
    }
}

extension PayloadFilter {
    /// A filter for points of a user, as far as one is named, that have other members with given values.
    public static func points(
        ofUser user: Int64?, texts: [(String, String)] = [], integers: [(String, Int64)] = [], isActive: Bool? = nil,
        created: ClosedRange<Int64>? = nil
    ) throws -> PayloadFilter {
        var filter = PayloadFilter()
        func require(_ path: String, _ test: PayloadTest) throws {
            filter.must.append(.field(try PayloadPath(path), test))
        }
        if let user { try require("user_id", .match(.integer(user))) }
        for (path, value) in texts { try require(path, .match(.text(value))) }
        for (path, value) in integers { try require(path, .match(.integer(value))) }
        if let isActive { try require("active", .match(.bool(isActive))) }
        if let created {
            try require(
                "created", .range(NumberRange(gte: Double(created.lowerBound), lte: Double(created.upperBound))))
        }
        return filter
    }
}
