import Core

/// Reads the text of a condition into a tree, by recursive descent.
///
///     any      = both { ("||" | "or") both }
///     both     = negation { ("&&" | "and") negation }
///     negation = ("!" | "not") negation | comparison
///     comparison = sum [ operator sum | ["not"] "in" list | ["not"] "like" text | "is" ["not"] "null" ]
///     sum      = product { ("+" | "-") product }
///     product  = factor { ("*" | "/") factor }
///     factor   = "-" factor | value | "(" any ")" | function "(" … ")" | path
struct ConditionParser {
    var reader: TokenReader
    /// How many parentheses, negations and functions are open.
    private var depth = 0
    /// How many functions that look at elements are open around what is read.
    var elementDepth = 0

    /// Reads a whole condition.
    ///
    /// - throws: ``Core/Failure`` of code `invalid_condition`.
    static func parse(_ source: SourceText) throws(Failure) -> Expression {
        guard source.bytes.count <= ConditionLimits.bytes else {
            throw source.failure(at: ConditionLimits.bytes, "a condition has at most \(ConditionLimits.bytes) bytes")
        }
        var parser = ConditionParser(reader: try TokenReader(source))
        let expression = try parser.any()
        guard parser.reader.next.kind == .end else { throw parser.unexpectedAfter(expression) }
        try parser.requireTruth(expression)
        return expression
    }

    private init(reader: TokenReader) {
        self.reader = reader
    }

    private func unexpectedAfter(_ expression: Expression) -> Failure {
        if case .comparison = expression.operation, comparison(reader.next) != nil {
            return reader.unexpected("comparisons do not follow one another: && is expected between two")
        }
        return reader.unexpected("an operator or the end is expected")
    }

    /// Reads an expression of any kind.
    mutating func any() throws(Failure) -> Expression {
        try chain(.or, .or, "or") { parser throws(Failure) in try parser.both() }
    }

    private mutating func both() throws(Failure) -> Expression {
        try chain(.and, .and, "and") { parser throws(Failure) in try parser.negation() }
    }

    /// Reads operands with one operator between them, which become one level of the tree however many they are.
    private mutating func chain(
        _ operation: Expression.Operation, _ symbol: Token.Symbol, _ word: String,
        _ operand: (inout ConditionParser) throws(Failure) -> Expression
    ) throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        var operands = [try operand(&self)]
        while true {
            var isNext = try reader.take(symbol)
            if !isNext { isNext = try reader.take(word: word) }
            guard isNext else { break }
            operands.append(try operand(&self))
        }
        if operands.count == 1 { return operands[0] }
        for operand in operands { try requireTruth(operand) }
        return try make(operation, operands, from: start)
    }

    private mutating func negation() throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        var isNegation = try reader.take(.not)
        if !isNegation { isNegation = try reader.take(word: "not") }
        guard isNegation else { return try comparison() }
        let operand = try nested { parser throws(Failure) in try parser.negation() }
        try requireTruth(operand)
        return try make(.not, [operand], from: start)
    }

    private mutating func comparison() throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        let left = try sum()
        if let comparison = comparison(reader.next) {
            try reader.take()
            let right = try sum()
            return try make(.comparison(comparison), [left, right], from: start)
        }
        if try reader.take(word: "is") {
            let isNegated = try reader.take(word: "not")
            guard try reader.take(word: "null") else { throw reader.unexpected("null is expected after `is`") }
            return try negated(isNegated, .isNull, [left], from: start)
        }
        let isNegated = try reader.take(word: "not")
        if try reader.take(word: "in") {
            let values = try list()
            return try negated(isNegated, .isIn, [left] + values, from: start)
        }
        if try reader.take(word: "like") {
            let pattern = try pattern()
            return try negated(isNegated, .like(pattern), [left], from: start)
        }
        guard !isNegated else { throw reader.unexpected("in or like is expected after `not`") }
        return left
    }

    private func comparison(_ token: Token) -> Comparison? {
        switch token.kind {
        case .symbol(.equalEqual), .symbol(.equal): .equal
        case .symbol(.notEqual): .different
        case .symbol(.less): .less
        case .symbol(.lessOrEqual): .lessOrEqual
        case .symbol(.greater): .greater
        case .symbol(.greaterOrEqual): .greaterOrEqual
        default: nil
        }
    }

    private func negated(
        _ isNegated: Bool, _ operation: Expression.Operation, _ operands: [Expression], from start: Int
    ) throws(Failure) -> Expression {
        let expression = try make(operation, operands, from: start)
        return isNegated ? try make(.not, [expression], from: start) : expression
    }

    private mutating func list() throws(Failure) -> [Expression] {
        try reader.expect(.open, "before the values of a list")
        return try arguments { parser throws(Failure) in try parser.sum() }
    }

    /// Reads what stands between commas up to the closing parenthesis, at least one of it.
    mutating func arguments(
        _ argument: (inout ConditionParser) throws(Failure) -> Expression
    ) throws(Failure) -> [Expression] {
        try nested { parser throws(Failure) in
            var arguments: [Expression] = []
            repeat {
                guard arguments.count < ConditionLimits.arguments else {
                    throw parser.reader.source.failure(
                        at: parser.reader.next.place.lowerBound,
                        "there are at most \(ConditionLimits.arguments) arguments or values of a list")
                }
                arguments.append(try argument(&parser))
            } while try parser.reader.take(.comma)
            try parser.reader.expect(.close, "after the last argument")
            return arguments
        }
    }

    private mutating func pattern() throws(Failure) -> LikePattern {
        let place = reader.next.place
        guard case .text(let text) = reader.next.kind else {
            throw reader.unexpected("a pattern in quotes is expected")
        }
        try reader.take()
        var escape = UInt8(ascii: "\\")
        if try reader.take(word: "escape") {
            guard case .text(let character) = reader.next.kind, character.utf8.count == 1,
                let byte = character.utf8.first
            else { throw reader.unexpected("one ASCII character in quotes is expected after `escape`") }
            try reader.take()
            escape = byte
        }
        guard let pattern = LikePattern(text.utf8, escape: escape) else {
            throw reader.source.failure(
                at: place.lowerBound, "in a pattern the escape stands before %, _ or itself, here it does not")
        }
        return pattern
    }

    private mutating func sum() throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        var left = try product()
        while let arithmetic = try takeArithmetic([.plus: .add, .minus: .subtract]) {
            let right = try product()
            left = try make(.arithmetic(arithmetic), [left, right], from: start)
        }
        return left
    }

    private mutating func product() throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        var left = try factor()
        while let arithmetic = try takeArithmetic([.times: .multiply, .divide: .divide]) {
            let right = try factor()
            left = try make(.arithmetic(arithmetic), [left, right], from: start)
        }
        return left
    }

    private mutating func takeArithmetic(
        _ operations: [Token.Symbol: Arithmetic]
    ) throws(Failure) -> Arithmetic? {
        guard case .symbol(let symbol) = reader.next.kind, let arithmetic = operations[symbol] else { return nil }
        try reader.take()
        return arithmetic
    }

    private mutating func factor() throws(Failure) -> Expression {
        let start = reader.next.place.lowerBound
        guard try reader.take(.minus) else { return try primary() }
        let operand = try nested { parser throws(Failure) in try parser.factor() }
        return try make(.negate, [operand], from: start)
    }
}

extension ConditionParser {
    /// Makes a part of the tree that ends where the last token ended, so its operands must have been read before the
    /// call: an argument that reads on moves a parser of which this call has a copy already.
    func make(
        _ operation: Expression.Operation, _ operands: [Expression], from start: Int
    ) throws(Failure) -> Expression {
        let expression = Expression(operation, operands, at: start..<reader.end)
        guard expression.height <= ConditionLimits.depth else { throw tooDeep(at: start) }
        return expression
    }

    /// Reads something that may contain itself.
    mutating func nested<Result>(
        _ read: (inout ConditionParser) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        depth += 1
        guard depth < ConditionLimits.depth else { throw tooDeep(at: reader.next.place.lowerBound) }
        let result = try read(&self)
        depth -= 1
        return result
    }

    /// Refuses what is never true or false, as an operand of a logical operator or as the whole.
    func requireTruth(_ expression: Expression) throws(Failure) {
        guard expression.isNeverTruth else { return }
        throw reader.source.failure(
            at: expression.place.lowerBound,
            "something that is true or false is needed here; compare this with something, for example by ==")
    }

    private func tooDeep(at offset: Int) -> Failure {
        reader.source.failure(
            at: offset, "a condition is nested at most \(ConditionLimits.depth) levels deep; write it as several")
    }
}
