import Core

/// Reads tokens with a look ahead of one.
struct TokenReader {
    let source: SourceText
    private var lexer: Lexer
    /// The token that comes next.
    private(set) var next: Token
    /// Where the token before it ends.
    private(set) var end: Int

    init(_ source: SourceText, from position: Int = 0) throws(Failure) {
        self.source = source
        lexer = Lexer(source, from: position)
        end = position
        next = try lexer.next()
    }

    /// Takes the next token, whatever it is.
    @discardableResult
    mutating func take() throws(Failure) -> Token {
        let token = next
        end = token.place.upperBound
        next = try lexer.next()
        return token
    }

    /// Takes the next token if it is a sign.
    mutating func take(_ symbol: Token.Symbol) throws(Failure) -> Bool {
        guard next.kind == .symbol(symbol) else { return false }
        try take()
        return true
    }

    /// Takes the next token if it is a word of the language, in either case of letters.
    mutating func take(word: String) throws(Failure) -> Bool {
        guard isNext(word: word) else { return false }
        try take()
        return true
    }

    /// Whether a word of the language comes next.
    func isNext(word: String) -> Bool {
        if case .word(let text) = next.kind { text.lowercased() == word } else { false }
    }

    /// Takes a sign that must come next.
    mutating func expect(_ symbol: Token.Symbol, _ why: String) throws(Failure) {
        guard try take(symbol) else { throw unexpected("`\(symbol.rawValue)` is expected \(why)") }
    }

    /// The failure of the next token: what is expected, and what is there.
    func unexpected(_ expectation: String) -> Failure {
        source.failure(at: next.place.lowerBound, "\(expectation), not \(next.kind.description)")
    }
}

extension TokenReader {
    /// Reads the steps of a path after its first name: `.name`, `[0]`, `['name']`.
    mutating func steps(after first: FieldPath.Step) throws(Failure) -> [FieldPath.Step] {
        var steps = [first]
        let start = next.place.lowerBound
        while true {
            if try take(.point) {
                guard case .word(let name) = next.kind else { throw unexpected("the name of a member is expected") }
                try take()
                steps.append(.name(name))
            } else if try take(.openBracket) {
                steps.append(try index())
                try expect(.closeBracket, "after an index")
            } else {
                guard steps.count <= ConditionLimits.depth else {
                    throw source.failure(at: start, "a path has at most \(ConditionLimits.depth) parts")
                }
                return steps
            }
        }
    }

    private mutating func index() throws(Failure) -> FieldPath.Step {
        switch next.kind {
        case .number(let text):
            guard let index = Int(text), index <= 1_000_000 else {
                throw unexpected("an index is a whole number up to 1000000")
            }
            try take()
            return .index(index)
        case .text(let name):
            try take()
            return .name(name)
        default:
            throw unexpected("an index or the name of a member in quotes is expected")
        }
    }

    /// Reads a whole path whose first name was taken already.
    ///
    /// - parameter isInElement: whether bare names are members of an element of an array.
    mutating func path(from first: Token, isInElement: Bool) throws(Failure) -> FieldPath {
        guard case .word(let name) = first.kind else {
            throw source.failure(at: first.place.lowerBound, "the name of a field is expected")
        }
        let steps = try steps(after: .name(name))
        switch name {
        case "data": return FieldPath(root: .data, steps: Array(steps.dropFirst()))
        case "new": return FieldPath(root: .new, steps: Array(steps.dropFirst()))
        case "old": return FieldPath(root: .old, steps: Array(steps.dropFirst()))
        case "event": return FieldPath(root: .event(try eventField(steps, at: first)), steps: [])
        case "this" where isInElement: return FieldPath(root: .element, steps: Array(steps.dropFirst()))
        default: return FieldPath(root: isInElement ? .element : .data, steps: steps)
        }
    }

    private func eventField(_ steps: [FieldPath.Step], at first: Token) throws(Failure) -> EventField {
        let names = EventField.allCases.map(\.rawValue)
        guard steps.count == 2, case .name(let name) = steps[1], let field = EventField(rawValue: name) else {
            var hint = ""
            if steps.count > 1, case .name(let name) = steps[1], let nearest = NearestName.of(name, among: names) {
                hint = "; did you mean event.\(nearest)?"
            }
            throw source.failure(
                at: first.place.lowerBound,
                "an event has \(names.map { "event.\($0)" }.joined(separator: ", ")); a member that is called event "
                    + "is data.event\(hint)")
        }
        return field
    }
}

extension FieldPath {
    /// The path that a text names, for functions that take one in quotes.
    ///
    /// - throws: ``Core/Failure`` when the text is not one path.
    init(parsing text: String, isInElement: Bool) throws(Failure) {
        var reader = try TokenReader(SourceText(text, subject: "field"))
        let path = try reader.path(from: try reader.take(), isInElement: isInElement)
        guard reader.next.kind == .end else { throw reader.unexpected("the end of the path is expected") }
        self = path
    }
}
