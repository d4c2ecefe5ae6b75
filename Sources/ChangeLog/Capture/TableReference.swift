import Core

/// How somebody names a table of a PostgreSQL database: `orders`, `shop.items`, or `shop."odd.name"`.
///
/// Without quotes it means the table that is called exactly so, or else the one that SQL would take it for, in lower
/// case. Between quotes a name may have any character, and two quotes stand for one.
public struct TableReference: Sendable, Equatable, CustomStringConvertible {
    /// The schema; nil for the first of the server's `search_path` that has such a table.
    public let schema: String?
    /// The name.
    public let name: String

    /// Reads a name.
    ///
    /// - throws: ``Failure`` `invalid_table` when it has no such form.
    public init(_ text: String) throws {
        var parser = Parser(rest: Substring(text))
        guard let parts = parser.parts(), parts.count <= 2, let name = parts.last else {
            throw Failure(
                .invalid, code: "invalid_table",
                "\(text.debugDescription) is no name of a table. Write orders, shop.orders, or shop.\"Odd.Name\" with "
                    + "quotes around what has a dot or a quote.")
        }
        self.name = name
        schema = parts.count == 2 ? parts[0] : nil
    }

    public var description: String { schema.map { "\($0).\(name)" } ?? name }
}

/// Takes a name apart at the dots that stand outside of quotes.
private struct Parser {
    var rest: Substring

    mutating func parts() -> [String]? {
        var parts: [String] = []
        while true {
            guard let part = rest.first == "\"" ? quoted() : unquoted(), !part.isEmpty else { return nil }
            parts.append(part)
            guard let dot = rest.popFirst() else { return parts }
            guard dot == "." else { return nil }
        }
    }

    private mutating func unquoted() -> String {
        let part = rest.prefix { $0 != "." && $0 != "\"" }
        rest = rest.dropFirst(part.count)
        return String(part)
    }

    /// nil when the last quote is missing.
    private mutating func quoted() -> String? {
        var part = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst() {
            if character == "\"" {
                guard rest.first == "\"" else { return part }
                rest = rest.dropFirst()
            }
            part.append(character)
        }
        return nil
    }
}
