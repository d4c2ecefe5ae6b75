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

    static func values(of node: GraphNode) -> JSONObject {
        var values = common(node)
        values.append(.init("labels", .array(node.labels.map(JSONValue.string))))
        return JSONObject(values)
    }

    static func values(of edge: GraphEdge) -> JSONObject {
        var values = common(edge)
        values.append(.init("name", .string(edge.name)))
        values.append(.init("valid_at", value(edge.validAt)))
        values.append(.init("invalid_at", value(edge.invalidAt)))
        values.append(.init("expired_at", value(edge.expiredAt)))
        return JSONObject(values)
    }

    static func values(of episode: GraphEpisode) -> JSONObject {
        var values = common(episode)
        values.append(.init("source", .string(episode.source)))
        values.append(.init("valid_at", value(episode.validAt)))
        return JSONObject(values)
    }

    private static func common(_ element: some GraphElement) -> [JSONObject.Member] {
        [
            .init("group_id", .string(element.header.group)), .init("created_at", value(element.header.createdAt)),
            .init("text", .array(element.searchedTexts.filter { !$0.isEmpty }.map(JSONValue.string))),
        ]
    }

    private static func value(_ time: Timestamp?) -> JSONValue { time.map { .string($0.description) } ?? .null }
}
