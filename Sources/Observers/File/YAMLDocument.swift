public import Core
import Yams

/// Reads YAML as the tree that JSON would give, so that a file and the API share one schema.
public enum YAMLDocument {
    /// How large a file may be, in bytes.
    public static let sizeLimit = 4 << 20
    static let depthLimit = 64

    /// The tree of a document.
    ///
    /// - throws: ``Failure`` `invalid_file` with the place in the file.
    public static func parse(_ text: String) throws -> JSONValue {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw Failure(.invalid, code: "invalid_file", "The file is not YAML: \(error)")
        }
        guard let node else { return .object(JSONObject()) }
        return try value(node, depth: 0)
    }

    private static func value(_ node: Node, depth: Int) throws -> JSONValue {
        guard depth < depthLimit else {
            throw Failure(.invalid, code: "invalid_file", "The file is nested deeper than \(depthLimit) levels.")
        }
        switch node {
        case .sequence(let nodes): return .array(try nodes.map { try value($0, depth: depth + 1) })
        case .mapping(let mapping):
            var members: [JSONObject.Member] = []
            for (key, content) in mapping {
                guard let name = key.string, !members.contains(where: { $0.name == name }) else {
                    throw Failure(
                        .invalid, code: "invalid_file", "A key stands twice, or is no text\(place(of: key)).")
                }
                members.append(.init(name, try value(content, depth: depth + 1)))
            }
            return .object(JSONObject(members))
        case .scalar(let scalar): return Self.scalar(scalar, node)
        case .alias:
            throw Failure(.invalid, code: "invalid_file", "Aliases are not read here\(place(of: node)).")
        }
    }

    /// What is in quotes is text; else a number, a flag or null is what it looks like.
    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "null", "~": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        if case .number(let text)? = try? JSONParser.parse(Array(scalar.string.utf8)) { return .number(text) }
        return .string(scalar.string)
    }

    private static func place(of node: Node) -> String {
        node.mark.map { " at line \($0.line), column \($0.column)" } ?? ""
    }
}
