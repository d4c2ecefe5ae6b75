import Core
import Search

/// What filters ask of elements, and where their words stand.
enum IndexedFields {
    static let group = PayloadPath(name: "group_id")
    static let labels = PayloadPath(name: "labels")
    static let name = PayloadPath(name: "name")
    static let source = PayloadPath(name: "source")
    static let text = PayloadPath(name: "text")
    static let createdAt = PayloadPath(name: "created_at")

    static let nodes = [
        PayloadField(group, .keyword), PayloadField(labels, .keyword), time("created_at"), PayloadField(text, .text),
    ]
    static let edges = [
        PayloadField(group, .keyword), PayloadField(name, .keyword), time("created_at"), time("valid_at"),
        time("invalid_at"), time("expired_at"), PayloadField(text, .text),
    ]
    static let episodes = [
        PayloadField(group, .keyword), PayloadField(source, .keyword), time("created_at"), time("valid_at"),
        PayloadField(text, .text),
    ]

    private static func time(_ name: String) -> PayloadField { PayloadField(PayloadPath(name: name), .datetime) }

    /// What is indexed of an element. Its values are taken as its document has them: a time is read once, by the index,
    /// and not made a text again.
    static func values(of kind: ElementKind, _ document: StoredFields) -> JSONObject {
        var values = members(of: kind).map { JSONObject.Member($0, document[$0] ?? .null) }
        let texts = searchedMembers(of: kind).compactMap { document[$0] }.filter { $0 != .string("") }
        values.append(.init("text", .array(texts)))
        return JSONObject(values)
    }

    /// The members that filters ask for.
    private static func members(of kind: ElementKind) -> [String] {
        switch kind {
        case .node: ["group_id", "labels", "created_at"]
        case .edge: ["group_id", "name", "created_at", "valid_at", "invalid_at", "expired_at"]
        case .episode: ["group_id", "source", "created_at", "valid_at"]
        }
    }

    /// The members whose words it is found by.
    private static func searchedMembers(of kind: ElementKind) -> [String] {
        switch kind {
        case .node: GraphNode.searchedMembers
        case .edge: GraphEdge.searchedMembers
        case .episode: GraphEpisode.searchedMembers
        }
    }
}
