import Core

/// What of a graph stands in a file.
public enum GraphRows: String, CaseIterable, Sendable {
    case nodes, edges

    /// What stands before the names of its fields in a mapping: `nodes.` or `edges.`.
    var prefix: String { rawValue + "." }

    /// What a row may say, in either kind of file.
    public static let fields = allCases.flatMap(\.fields)

    /// What a row may say.
    public var fields: [ImportField] {
        (own + Self.common).map { ImportField(prefix + $0.name, $0.form, $0.summary) }
    }

    private var own: [ImportField] {
        switch self {
        case .nodes:
            [
                .init("uuid", .text, "the id, which is any text; without one it follows from name and group_id"),
                .init("name", .text, "what it is called"),
                .init("labels", .parts, "what it is, separated by |"),
                .init("summary", .text, "what is known of it in short"),
            ]
        case .edges:
            [
                .init("uuid", .text, "the id; without one it follows from what the edge says"),
                .init("source_node_uuid", .text, "the node that it goes from"),
                .init("target_node_uuid", .text, "the node that it goes to"),
                .init("name", .text, "what relation it is"), .init("fact", .text, "what it says, as a sentence"),
                .init("weight", .number, "how much it counts"),
                .init("valid_at", .time, "since when it is so"), .init("invalid_at", .time, "since when no more"),
                .init("expired_at", .time, "since when it has been known to be so no more"),
                .init("episodes", .parts, "the ids of the episodes that it comes from, separated by |"),
            ]
        }
    }

    private static let common: [ImportField] = [
        .init("group_id", .text, "the part of the graph that it belongs to"),
        .init("created_at", .time, "since when it has been known"),
        .init("attributes", .object, "what else is known of it, a JSON object"),
        .init("attributes.*", .text, "any further fact under its name"),
    ]
}
