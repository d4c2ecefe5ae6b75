import Core

/// Values, paths and functions.
extension ConditionParser {
    /// Reads what binds the strongest.
    mutating func primary() throws(Failure) -> Expression {
        let token = reader.next
        switch token.kind {
        case .text(let text):
            try reader.take()
            return try constant(.text(text), token)
        case .number(let text):
            guard let decimal = Decimal(text) else {
                throw reader.unexpected("a number has at most \(Decimal.digitLimit) digits")
            }
            try reader.take()
            return try constant(.number(ExactNumber(decimal)), token)
        case .duration(let microseconds):
            try reader.take()
            return try constant(.duration(microseconds), token)
        case .symbol(.open):
            try reader.take()
            let expression = try nested { parser throws(Failure) in try parser.any() }
            try reader.expect(.close, "to close a parenthesis")
            return expression
        case .word(let word):
            try reader.take()
            return try named(word, token)
        default:
            throw reader.unexpected("a value is expected")
        }
    }

    private func constant(_ value: Constant, _ token: Token) throws(Failure) -> Expression {
        try make(.constant(value), [], from: token.place.lowerBound)
    }

    private mutating func named(_ word: String, _ token: Token) throws(Failure) -> Expression {
        if try reader.take(.open) { return try call(word, token) }
        switch word.lowercased() {
        case "true": return try constant(.boolean(true), token)
        case "false": return try constant(.boolean(false), token)
        case "null": return try constant(.null, token)
        case "and", "or", "not", "in", "like", "is", "escape":
            throw reader.source.failure(
                at: token.place.lowerBound,
                "a value is expected, not `\(word)`; a field of that name is written data.\(word)")
        default:
            let path = try reader.path(from: token, isInElement: elementDepth > 0)
            return try make(.field(path), [], from: token.place.lowerBound)
        }
    }

    private mutating func call(_ name: String, _ token: Token) throws(Failure) -> Expression {
        guard let function = Function(rawValue: name) else {
            let nearest = NearestName.of(name, among: Function.allCases.map(\.rawValue))
            let hint = nearest.map { "did you mean \($0)?" }
            let all = "there are \(Function.allCases.map(\.rawValue).joined(separator: ", "))"
            throw reader.source.failure(
                at: token.place.lowerBound, "there is no function `\(name)`; \(hint ?? all)")
        }
        var count = 0
        var operands: [Expression] = []
        if try !reader.take(.close) {
            operands = try arguments { parser throws(Failure) in
                count += 1
                let isOfElement = count == 2 && function.looksAtElements
                if isOfElement { parser.elementDepth += 1 }
                let operand = try parser.any()
                if isOfElement { parser.elementDepth -= 1 }
                return operand
            }
        }
        guard function.arguments.contains(operands.count) else {
            throw reader.source.failure(
                at: token.place.lowerBound,
                "\(name) takes \(Self.count(function.arguments)), and here it has \(operands.count)")
        }
        if function == .any || function == .all { try requireTruth(operands[1]) }
        let place = token.place.lowerBound
        if function.takesFieldName { return try fieldCall(function, operands, from: place) }
        return function == .date ? try date(operands, from: place) : try make(.call(function), operands, from: place)
    }

    private static func count(_ range: ClosedRange<Int>) -> String {
        let number = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        return "\(number) argument\(range == 1...1 ? "" : "s")"
    }

    private func fieldCall(
        _ function: Function, _ operands: [Expression], from start: Int
    ) throws(Failure) -> Expression {
        guard case .constant(.text(let name)) = operands[0].operation else {
            throw reader.source.failure(
                at: operands[0].place.lowerBound, "\(function.rawValue) takes the name of a field in quotes")
        }
        let path: FieldPath
        do {
            path = try FieldPath(parsing: name, isInElement: elementDepth > 0 && function == .hasField)
        } catch {
            throw reader.source.failure(
                at: operands[0].place.lowerBound, "\"\(name.prefix(64))\" is not the path of a field")
        }
        let values = Array(operands.dropFirst())
        if function == .hasField { return try make(.hasField(path), values, from: start) }
        guard path.root == .data else {
            throw reader.source.failure(
                at: operands[0].place.lowerBound,
                "\(function.rawValue) compares old and new itself: name the field without either")
        }
        switch function {
        case .fieldChangedTo: return try make(.changedTo(path), values, from: start)
        case .fieldChangedFrom: return try make(.changedFrom(path), values, from: start)
        default: return try make(.changed(path), values, from: start)
        }
    }

    /// A date in quotes is read here, so that a wrong one is refused; a field is read for every event.
    private func date(_ operands: [Expression], from start: Int) throws(Failure) -> Expression {
        guard case .constant(.text(let text)) = operands[0].operation else {
            return try make(.call(.date), operands, from: start)
        }
        guard let time = Timestamp(text) else {
            throw reader.source.failure(
                at: operands[0].place.lowerBound,
                "\"\(text.prefix(64))\" is not a time; write 2026-01-31 or 2026-01-31T09:30:00Z")
        }
        return try make(.constant(.time(time)), [], from: start)
    }
}
