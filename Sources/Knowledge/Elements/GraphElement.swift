public import Core

/// A node, an edge or an episode.
///
/// Its JSON is what the table has of it, what the change log tells of it, and what clients are answered.
public protocol GraphElement: JSONEncodable, Hashable, Sendable, SendableMetatype {
    /// Which of them it is.
    static var kind: ElementKind { get }
    /// What all of them have.
    var header: ElementHeader { get set }
    /// What a vector of it is made of: it is kept only as long as this stays as it is.
    var embeddedText: String { get }
    /// The texts that it is found by.
    var searchedTexts: [String] { get }
    /// The members of its JSON that have them.
    static var searchedMembers: [String] { get }
    /// The ids of the nodes that it cannot be without.
    var neededNodes: [String] { get }
    /// What else is known of it: any JSON.
    var attributes: JSONObject { get set }

    /// Reads what the table has of it.
    ///
    /// - throws: ``Failure`` `corrupt_row`.
    init(_ fields: StoredFields) throws
}

/// What every element of a graph has.
public struct ElementHeader: Hashable, Sendable {
    /// How long an id may be, in characters.
    public static let idLength = 1...200

    /// Its id: any ``GraphName``, unique among the elements of its kind and tenant.
    public var id: String
    /// The part of the graph that it belongs to; an empty text is a part too.
    public var group: String
    /// How often it was written, from 1; 0 before that.
    public var version: Int64
    /// Since when it has been known.
    public var createdAt: Timestamp
    /// When it was written last.
    public var updatedAt: Timestamp
    /// How many components its vector has; nil when it has none.
    public var dimensions: Int?

    /// What an element has that is to be written.
    ///
    /// - parameter createdAt: since when it has been known; what is there already keeps its time.
    public init(id: String, group: String = "", createdAt: Timestamp) {
        self.id = id
        self.group = group
        version = 0
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    init(_ fields: StoredFields) throws {
        id = try fields.text("uuid")
        group = try fields.text("group_id")
        version = try fields.integer("version")
        createdAt = try fields.time("created_at")
        updatedAt = try fields.time("updated_at")
        dimensions = try fields.optionalInteger("embedding_dimensions").map(Int.init)
    }
}

extension JSONWriter {
    /// Writes the members that the elements of a graph begin with.
    mutating func members(of header: ElementHeader) {
        member("uuid", header.id)
        member("group_id", header.group)
    }

    /// Writes the members that the elements of a graph end with.
    mutating func members(endOf header: ElementHeader, _ attributes: JSONObject) {
        member("attributes", attributes)
        member("created_at", header.createdAt)
        member("updated_at", header.updatedAt)
        member("version", header.version)
        member("embedding_dimensions", header.dimensions)
    }
}
