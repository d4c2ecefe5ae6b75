/// The smallest part of a condition that means something.
struct Token: Sendable {
    let kind: Kind
    /// Where it stands in the text, in bytes.
    let place: Range<Int>

    enum Kind: Sendable, Equatable {
        case word(String)
        case text(String)
        /// A number by its text.
        case number(String)
        /// A span of time in microseconds.
        case duration(Int64)
        case symbol(Symbol)
        case end
    }

    /// The signs, longer ones before their beginnings.
    enum Symbol: String, Sendable, CaseIterable {
        case and = "&&"
        case or = "||"
        case pipe = "|"
        case closeBraces = "}}"
        case equalEqual = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
        case equal = "="
        case not = "!"
        case open = "("
        case close = ")"
        case openBracket = "["
        case closeBracket = "]"
        case comma = ","
        case point = "."
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divide = "/"
    }
}

extension Token.Kind {
    /// What it is, for messages.
    var description: String {
        switch self {
        case .word(let word): "`\(word)`"
        case .text: "a text in quotes"
        case .number(let text): "`\(text)`"
        case .duration: "a duration"
        case .symbol(let symbol): "`\(symbol.rawValue)`"
        case .end: "the end"
        }
    }
}
