import Core

/// Writes a part of a graph as GraphML.
///
/// GraphML wants ids without spaces and most signs, so nodes and edges are numbered and their ids are data. Of each
/// name among the attributes a column is declared, whose type is that of all its values, or else text.
public struct GraphMLWriter {
    private let drawing: GraphDrawing

    /// Writes a part of a graph.
    public init(_ drawing: GraphDrawing) { self.drawing = drawing }

    /// The document.
    public var bytes: [UInt8] {
        let nodes = Self.nodeColumns + Self.attributes(of: drawing.nodes.map(\.element.attributes)) { $0.element }
        let edges = Self.edgeColumns + Self.attributes(of: drawing.edges.map(\.element.attributes)) { $0.element }
        var xml = XMLWriter()
        xml.element("graphml", ["xmlns": "http://graphml.graphdrawing.org/xmlns"]) { xml in
            xml.declare("more", of: "graph", "has_more", .boolean)
            for (index, column) in nodes.enumerated() {
                xml.declare("dn\(index)", of: "node", column.name, column.type)
            }
            for (index, column) in edges.enumerated() {
                xml.declare("de\(index)", of: "edge", column.name, column.type)
            }
            xml.element("graph", ["id": "graph", "edgedefault": "directed"]) { xml in
                xml.element("data", ["key": "more"]) { $0.text("\(drawing.hasMore)") }
                for (place, node) in drawing.nodes.enumerated() {
                    xml.element("node", ["id": "n\(place)"]) { $0.data("dn", nodes, of: node) }
                }
                for (place, edge) in drawing.edges.enumerated() {
                    let ends: KeyValuePairs = [
                        "id": "e\(place)", "source": "n\(edge.source)", "target": "n\(edge.target)",
                    ]
                    xml.element("edge", ends) { $0.data("de", edges, of: edge) }
                }
            }
        }
        return xml.bytes
    }

    private static let nodeColumns: [Column<GraphDrawing.Node>] =
        common { $0.element } + [
            .init("labels") { $0.element.labels.joined(separator: "|") }, .init("summary") { $0.element.summary },
            .init("depth", .int) { $0.depth.map(String.init) },
        ]

    private static let edgeColumns: [Column<GraphDrawing.Edge>] =
        common { $0.element } + [
            .init("fact") { $0.element.fact }, .init("weight", .double) { "\($0.element.weight)" },
            .init("valid_at") { $0.element.validAt?.description },
            .init("invalid_at") { $0.element.invalidAt?.description },
            .init("expired_at") { $0.element.expiredAt?.description },
            .init("episodes") { $0.element.episodes.joined(separator: "|") },
        ]

    private static func common<Drawn>(
        _ element: @escaping @Sendable (Drawn) -> any NamedElement
    ) -> [Column<Drawn>] {
        [
            .init("uuid") { element($0).header.id }, .init("name") { element($0).name },
            .init("group_id") { element($0).header.group },
            .init("created_at") { element($0).header.createdAt.description },
        ]
    }

    /// The columns of all names among some attributes.
    private static func attributes<Drawn>(
        of objects: [JSONObject], _ element: @escaping @Sendable (Drawn) -> any NamedElement
    ) -> [Column<Drawn>] {
        var types: [String: ColumnType] = [:]
        for member in objects.lazy.flatMap(\.members) where member.value != .null {
            let type = ColumnType(of: member.value)
            types[member.name] = types[member.name].map { $0.common(with: type) } ?? type
        }
        return types.sorted { $0.key < $1.key }.map { name, type in
            Column("attributes.\(name)", type) { element($0).attributes[name].flatMap(text) }
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .bool, .number, .array, .object: String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
        }
    }
}

/// What nodes and edges have in common in a file.
private protocol NamedElement: GraphElement {
    var name: String { get }
}

extension GraphNode: NamedElement {}
extension GraphEdge: NamedElement {}

/// What is told of each node or of each edge.
private struct Column<Drawn>: Sendable {
    let name: String
    let type: ColumnType
    /// Its text; nil and empty where there is nothing to tell.
    let text: @Sendable (Drawn) -> String?

    init(_ name: String, _ type: ColumnType = .string, _ text: @escaping @Sendable (Drawn) -> String?) {
        self.name = name
        self.type = type
        self.text = text
    }
}

/// The types of GraphML.
private enum ColumnType: String {
    case boolean, int, long, double, string

    /// The type of a value of JSON.
    init(of value: JSONValue) {
        switch value {
        case .bool: self = .boolean
        case .number(let text) where Int64(text) != nil: self = .long
        case .number(let text) where Double(text)?.isFinite ?? false: self = .double
        case .null, .number, .string, .array, .object: self = .string
        }
    }

    /// The type of values of both types.
    func common(with other: ColumnType) -> ColumnType {
        if self == other { return self }
        return Set([self, other]) == [.long, .double] ? .double : .string
    }
}

extension XMLWriter {
    fileprivate mutating func declare(_ id: String, of part: String, _ name: String, _ type: ColumnType) {
        element("key", ["id": id, "for": part, "attr.name": name, "attr.type": type.rawValue])
    }

    fileprivate mutating func data<Drawn>(_ prefix: String, _ columns: [Column<Drawn>], of drawn: Drawn) {
        for (index, column) in columns.enumerated() {
            guard let text = column.text(drawn), !text.isEmpty else { continue }
            element("data", ["key": "\(prefix)\(index)"]) { $0.text(text) }
        }
    }
}
