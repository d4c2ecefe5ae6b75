import Yams

/// On which line of a YAML document a value stands, by its JSON pointer: what is wrong is told by pointers, and mended
/// on lines.
public struct YAMLLines: Sendable {
    private var lines: [String: Int] = [:]

    /// Reads a document; one that cannot be read has no lines.
    public init(_ text: String) {
        guard let root = try? YAMLComposer.compose(text) else { return }
        note(root, at: "", line: root.mark?.line, depth: 0)
    }

    /// The line of a value, from 1; that of the nearest value around it, where there is none. Nil when none is known.
    public subscript(pointer: String) -> Int? {
        var place = pointer[...]
        while !place.isEmpty {
            if let line = lines[String(place)] { return line }
            place = place.lastIndex(of: "/").map { place[..<$0] } ?? ""
        }
        return nil
    }

    private mutating func note(_ node: Node, at pointer: String, line: Int?, depth: Int) {
        lines[pointer] = line
        guard depth < YAMLDocument.depthLimit else { return }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                // Escaped as in a pointer (RFC 6901, section 3).
                let name = (key.string ?? "").replacing("~", with: "~0").replacing("/", with: "~1")
                note(value, at: "\(pointer)/\(name)", line: key.mark?.line, depth: depth + 1)
            }
        case .sequence(let nodes):
            for (index, value) in nodes.enumerated() {
                note(value, at: "\(pointer)/\(index)", line: value.mark?.line, depth: depth + 1)
            }
        case .scalar, .alias: break
        }
    }
}
