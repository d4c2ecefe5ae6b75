import Core

/// A statement that somebody other than our own code has written, with parameters by name: `:customer`.
///
/// Only who owns the database may write one; values are bound like any others.
public struct NamedStatement: Sendable, Equatable {
    /// The text with a `?` for each parameter.
    private let text: String
    /// The names in the order of their question marks.
    private let names: [String]

    /// The names of the parameters, each once.
    public var parameters: [String] { Array(Set(names)).sorted() }

    /// - throws: ``Failure`` `invalid_statement` when it is empty, more than one statement, or has a `?` of its own.
    public init(_ source: String) throws {
        var text = ""
        var names: [String] = []
        var scalars = Substring(source.trimmingSuffix { $0 == ";" || $0.isWhitespace })
        guard !scalars.allSatisfy(\.isWhitespace) else { throw Self.invalid("The statement is empty.") }
        while let character = scalars.first {
            switch character {
            case "'", "\"": text += Self.takeQuoted(&scalars, character)
            case ":" where scalars.hasPrefix("::"):
                // A cast of PostgreSQL.
                text += "::"
                scalars.removeFirst(2)
            case ":":
                scalars.removeFirst()
                let name = scalars.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                guard !name.isEmpty else { throw Self.invalid("A colon stands before no name.") }
                names.append(String(name))
                text += "?"
                scalars.removeFirst(name.count)
            case "?": throw Self.invalid("Parameters are named, such as :id, and not marked with ?.")
            case ";": throw Self.invalid("It is more than one statement.")
            default:
                text.append(character)
                scalars.removeFirst()
            }
        }
        guard !Self.endsTransactions(source) else {
            throw Self.invalid("It would end the transaction that it runs in, and with it what others do there.")
        }
        self.text = text
        self.names = names
    }

    /// Words with which a statement begins that is about the transaction itself.
    private static let transactionWords: Set = [
        "ABORT", "BEGIN", "COMMIT", "END", "RELEASE", "ROLLBACK", "SAVEPOINT", "START",
    ]

    private static func endsTransactions(_ source: String) -> Bool {
        let words = source.uppercased().split { !$0.isLetter }
        return words.first.map { transactionWords.contains(String($0)) } ?? false
            || zip(words, words.dropFirst()).contains { $0 == "OR" && $1 == "ROLLBACK" }
    }

    /// The statement with values; a name without one is NULL.
    public func bind(_ values: [(name: String, value: SQLValue)]) -> SQL {
        // A few names are found sooner one after the other than by a dictionary.
        SQL(text: text, values: names.map { name in values.first { $0.name == name }?.value ?? .null })
    }

    private static func takeQuoted(_ scalars: inout Substring, _ quote: Character) -> String {
        let body = scalars.dropFirst().prefix { $0 != quote }
        let end = min(body.count + 2, scalars.count)
        defer { scalars.removeFirst(end) }
        return String(scalars.prefix(end))
    }

    private static func invalid(_ message: String) -> Failure {
        Failure(.invalid, code: "invalid_statement", message)
    }
}

extension StringProtocol {
    /// The text without the characters at its end that a closure names.
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return String(rest)
    }
}
