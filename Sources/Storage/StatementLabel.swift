/// Names a statement for the metrics by its verb and its table, so that the number of names is that of the schema.
enum StatementLabel {
    /// The label of a statement, for example `select orders`.
    static func of(_ text: String) -> String {
        let words = text.prefix(2_000).split { $0 == " " || $0 == "\n" || $0 == "(" }
        guard let verb = words.first?.lowercased() else { return "other" }
        let marker: String
        switch verb {
        case "select", "delete", "with": marker = "from"
        case "insert": marker = "into"
        case "update": return "update \(words.dropFirst().first.map(String.init) ?? "")"
        default: return verb
        }
        // A query from another one is named by the table of that one.
        let places = words.indices.filter { $0 > 0 && words[$0 - 1].lowercased() == marker }
        guard let place = places.first(where: { words[$0] != "SELECT" }) else { return verb }
        let table = words[place].filter { $0.isLetter || $0.isNumber || $0 == "_" }
        // Each collection has vectors in a table of its own; together they have one name.
        return "\(verb) \(table.hasPrefix("vectors_") ? "vectors" : table)"
    }
}
