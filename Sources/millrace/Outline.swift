import Core

/// A JSON value as people read it: a member a line, and what is within it indented. Members of no value are left out.
struct Outline {
    /// The lines.
    private(set) var lines: [String] = []

    /// The outline of a value.
    ///
    /// - parameter depth: how far it is indented, in steps of two spaces.
    init(_ value: JSONValue, depth: Int = 0) {
        for member in value.members { append(member.name, member.value, depth) }
        for element in value.elements { append("-", element, depth) }
        if let text = value.text { lines.append(Self.indent(depth) + text) }
    }

    /// The space before a line.
    static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private mutating func append(_ name: String, _ value: JSONValue, _ depth: Int) {
        let label = Self.indent(depth) + (name == "-" ? "-" : "\(name):")
        if value == .null { return }
        if let text = value.text {
            lines.append("\(label) \(text)")
        } else if let list = Self.line(of: value.elements) {
            lines.append("\(label) \(list)")
        } else {
            lines.append(label)
            lines += Outline(value, depth: depth + 1).lines
        }
    }

    /// Short texts in one line.
    private static func line(of values: [JSONValue]) -> String? {
        let texts = values.compactMap(\.text)
        guard !values.isEmpty, texts.count == values.count, texts.allSatisfy({ $0.count <= 40 }) else { return nil }
        return texts.joined(separator: ", ")
    }
}
