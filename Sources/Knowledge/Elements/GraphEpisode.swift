public import Core

/// What somebody said or wrote at a time: where facts come from.
public struct GraphEpisode: GraphElement {
    public static let kind = ElementKind.episode

    public var header: ElementHeader
    /// What it is called.
    public var name: String
    /// What was said.
    public var content: String
    /// What kind of text it is, such as `message`.
    public var source: String
    /// Where it comes from.
    public var sourceDescription: String
    /// When it was said.
    public var validAt: Timestamp
    /// The ids of the nodes that it mentions.
    public var mentions: [String]
    public var attributes: JSONObject

    /// An episode that is to be written.
    public init(
        _ header: ElementHeader, name: String, content: String, source: String = "message",
        sourceDescription: String = "", validAt: Timestamp, mentions: [String] = [],
        attributes: JSONObject = JSONObject()
    ) {
        self.header = header
        self.name = name
        self.content = content
        self.source = source
        self.sourceDescription = sourceDescription
        self.validAt = validAt
        self.mentions = mentions
        self.attributes = attributes
    }

    public init(_ fields: StoredFields) throws {
        header = try ElementHeader(fields)
        name = try fields.text("name")
        content = try fields.text("content")
        source = try fields.text("source")
        sourceDescription = try fields.text("source_description")
        validAt = try fields.time("valid_at")
        mentions = try fields.texts("mentions")
        attributes = try fields.object("attributes")
    }

    public var embeddedText: String { content }
    public var searchedTexts: [String] { [name, content, source, sourceDescription] }
    public static let searchedMembers = ["name", "content", "source", "source_description"]
    public var neededNodes: [String] { mentions }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.members(of: header)
            json.member("name", name)
            json.member("content", content)
            json.member("source", source)
            json.member("source_description", sourceDescription)
            json.member("valid_at", validAt)
            json.member("mentions", array: mentions)
            json.members(endOf: header, attributes)
        }
    }
}
