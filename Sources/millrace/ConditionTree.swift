import Core

/// How a condition came to its answer, as an indented tree: each part with its value, and its own parts below it.
struct ConditionTree {
    /// The lines.
    private(set) var lines: [String] = []

    /// The tree of a trace, as the API gives it.
    ///
    /// - parameter depth: how far it is indented, in steps of two spaces.
    init(_ trace: JSONValue, depth: Int) {
        guard let expression = trace["expression"]?.text else { return }
        let answer = Self.answer(trace)
        // A literal is its own value.
        guard answer != expression, answer != "\"\(expression.dropFirst().dropLast())\"" else { return }
        lines.append("\(Outline.indent(depth))\(Self.oneLine(expression)): \(answer)")
        for part in trace["parts"].elements { lines += ConditionTree(part, depth: depth + 1).lines }
    }

    private static func answer(_ trace: JSONValue) -> String {
        if let value = trace["value"] { return value.json }
        if let failure = trace["failure"]?.text { return "failed: \(failure)" }
        return trace["missing"] == nil ? "not needed" : "not there"
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
