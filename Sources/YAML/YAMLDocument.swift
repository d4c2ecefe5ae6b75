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
            node = try YAMLComposer.compose(text)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.invalid, code: "invalid_file", "The file is not YAML: \(explanation(error))")
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
            var names: Set<String> = []
            for (key, content) in mapping {
                guard let name = key.string, names.insert(name).inserted else {
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

    /// The place, the problem and the beginning of the line, which may be long and hold anything.
    private static func explanation(_ error: any Error) -> String {
        if case .duplicatedKeysInMapping(let keys, let context)? = error as? YamlError {
            return "The key \(excerpt(keys.first ?? "")) stands twice, at first in line \(context.mark.line)."
        }
        let lines = "\(error)".split(separator: "\n", maxSplits: 4).prefix(4)
        return lines.filter { !$0.allSatisfy { $0 == " " || $0 == "^" } }.map(excerpt).joined(separator: " ")
    }

    /// How much of a line of the file a message shows, in characters.
    private static let excerptLength = 200

    /// The beginning of a text, with escapes for what would do something to a terminal or a log.
    private static func excerpt(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(excerptLength) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
                result += scalar.escaped(asASCII: true)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > excerptLength ? result + "…" : result
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

    /// Where a node stands, for the end of a message.
    static func place(of node: Node) -> String {
        node.mark.map { " at line \($0.line), column \($0.column)" } ?? ""
    }
}
