/// Writes a part of a graph in the DOT language of Graphviz.
public struct DOTWriter {
    private let drawing: GraphDrawing

    /// Writes a part of a graph.
    public init(_ drawing: GraphDrawing) { self.drawing = drawing }

    /// The document.
    public var bytes: [UInt8] {
        var text = "digraph {\n  graph [has_more=\(drawing.hasMore)];\n"
        for node in drawing.nodes {
            let element = node.element
            text += "  \(Self.id(element.header.id)) [label=\(Self.label(element.name))"
            if !element.summary.isEmpty { text += ", tooltip=\(Self.label(element.summary))" }
            text += "];\n"
        }
        for edge in drawing.edges {
            let element = edge.element
            text += "  \(Self.id(element.source)) -> \(Self.id(element.target)) [id=\(Self.id(element.header.id))"
            text += ", label=\(Self.label(element.name))"
            if !element.fact.isEmpty { text += ", tooltip=\(Self.label(element.fact))" }
            text += "];\n"
        }
        return Array((text + "}\n").utf8)
    }

    /// A name in quotes. A backslash is doubled, since the last one would else take the quote with it.
    static func id(_ text: String) -> String {
        quoted(text) { $0 == "\0" ? "\u{FFFD}" : nil }
    }

    /// A text that is shown. Graphviz reads entities of HTML in it, and what a backslash and `n` stand for.
    static func label(_ text: String) -> String {
        quoted(text) { scalar in
            switch scalar {
            case "&": "&amp;"
            case "\n": "\\n"
            case "\0": "\u{FFFD}"
            case "\u{1}"..<" ", "\u{7F}": " "
            default: nil
            }
        }
    }

    private static func quoted(_ text: String, _ escape: (Unicode.Scalar) -> String?) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            default:
                if let escaped = escape(scalar) { quoted += escaped } else { quoted.unicodeScalars.append(scalar) }
            }
        }
        return quoted + "\""
    }
}
