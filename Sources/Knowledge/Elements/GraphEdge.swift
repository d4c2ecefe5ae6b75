public import Core

/// A fact that relates two nodes, with the time in which it holds.
///
/// ``validAt`` and ``invalidAt`` are of the world: since when it is so and since when no more. The time of its header
/// and ``expiredAt`` are of the graph: since when it has been known, and since when it has been known to be wrong.
public struct GraphEdge: GraphElement {
    public static let kind = ElementKind.edge

    public var header: ElementHeader
    /// The id of the node that it goes from.
    public var source: String
    /// The id of the node that it goes to.
    public var target: String
    /// What kind of relation it is, such as `WORKS_AT`.
    public var name: String
    /// What it says, as a sentence.
    public var fact: String
    /// The ids of the episodes that it comes from, in the order in which they told of it.
    public var episodes: [String]
    /// How much it counts.
    public var weight: Double
    /// Since when it is so; nil is not known.
    public var validAt: Timestamp?
    /// Since when it is so no more; nil is not known to have ended.
    public var invalidAt: Timestamp?
    /// Since when it has been known to be so no more, or never to have been.
    public var expiredAt: Timestamp?
    public var attributes: JSONObject

    /// An edge that is to be written.
    public init(
        _ header: ElementHeader, from source: String, to target: String, name: String, fact: String = "",
        episodes: [String] = [], weight: Double = 1, validAt: Timestamp? = nil, invalidAt: Timestamp? = nil,
        expiredAt: Timestamp? = nil, attributes: JSONObject = JSONObject()
    ) {
        self.header = header
        self.source = source
        self.target = target
        self.name = name
        self.fact = fact
        self.episodes = episodes
        self.weight = weight
        self.validAt = validAt
        self.invalidAt = invalidAt
        self.expiredAt = expiredAt
        self.attributes = attributes
    }

    public init(_ fields: StoredFields) throws {
        header = try ElementHeader(fields)
        source = try fields.text("source_node_uuid")
        target = try fields.text("target_node_uuid")
        name = try fields.text("name")
        fact = try fields.text("fact")
        episodes = try fields.texts("episodes")
        weight = try fields.number("weight")
        validAt = try fields.optionalTime("valid_at")
        invalidAt = try fields.optionalTime("invalid_at")
        expiredAt = try fields.optionalTime("expired_at")
        attributes = try fields.object("attributes")
    }

    public var embeddedText: String { fact.isEmpty ? name : fact }
    public var searchedTexts: [String] { [name, fact] }
    public static let searchedMembers = ["name", "fact"]
    public var neededNodes: [String] { [source, target] }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.members(of: header)
            json.member("source_node_uuid", source)
            json.member("target_node_uuid", target)
            json.member("name", name)
            json.member("fact", fact)
            json.member("episodes", array: episodes)
            json.member("weight", weight)
            json.member("valid_at", validAt)
            json.member("invalid_at", invalidAt)
            json.member("expired_at", expiredAt)
            json.members(endOf: header, attributes)
        }
    }
}
