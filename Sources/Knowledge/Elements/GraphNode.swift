import ChangeLog
public import Core

/// A thing that something is known of: a person, a product, a word.
public struct GraphNode: GraphElement {
    public static let kind = ElementKind.node

    public var header: ElementHeader
    /// What it is called.
    public var name: String
    /// What it is, such as `Person`.
    public var labels: [String]
    /// What is known of it in short.
    public var summary: String
    public var attributes: JSONObject

    /// A node that is to be written.
    public init(
        _ header: ElementHeader, name: String, labels: [String] = [], summary: String = "",
        attributes: JSONObject = JSONObject()
    ) {
        self.header = header
        self.name = name
        self.labels = labels
        self.summary = summary
        self.attributes = attributes
    }

    public init(_ fields: StoredFields) throws {
        header = try ElementHeader(fields)
        name = try fields.text("name")
        labels = try fields.texts("labels")
        summary = try fields.text("summary")
        attributes = try fields.object("attributes")
    }

    /// The id of a node that is known by its name alone, within its group.
    public var idByName: String {
        let name = GraphName.normalized(name.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased())
        return Identifier(hashing: JSONWriter.bytes(of: JSONValue.array([.string(header.group), .string(name)])))
            .description
    }

    public var embeddedText: String { name }
    public var searchedTexts: [String] { [name, summary] }
    public static let searchedMembers = ["name", "summary"]
    public var neededNodes: [String] { [] }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.members(of: header)
            json.member("name", name)
            json.member("labels", array: labels)
            json.member("summary", summary)
            json.members(endOf: header, attributes)
        }
    }
}
