public import Core

/// How a condition came to its answer: the value of each of its parts, for people who wonder why it did not hold.
public struct ConditionTrace: Sendable, Equatable {
    /// What a part came to.
    public enum Result: Sendable, Equatable {
        case value(JSONValue)
        /// The field is not there, which is no failure where the condition asks just that.
        case missing
        case failed(ConditionFailure)
        /// The answer was known without it.
        case notEvaluated
    }

    /// The text of this part of the condition.
    public let expression: String
    /// What it came to.
    public let result: Result
    /// The parts that it consists of. Conditions on the elements of an array have none.
    public let parts: [ConditionTrace]
}

extension ConditionTrace: JSONEncodable {
    /// Writes an object: `expression`, one of `value`, `missing`, `failure` and `evaluated`, and `parts`.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("expression", expression)
            switch result {
            case .value(let value): json.member("value", value)
            case .missing: json.member("missing", true)
            case .failed(let failure): json.member("failure", failure.message)
            case .notEvaluated: json.member("evaluated", false)
            }
            if !parts.isEmpty { json.member("parts", array: parts) }
        }
    }
}

extension Condition {
    /// Evaluates the condition and each of its parts for an event. Costs much more than a ``ConditionSet``.
    ///
    /// - parameter now: what the function `now()` answers.
    public func explain(_ event: EventDocument, now: Timestamp) -> ConditionTrace {
        let parts = expression.flattened
        var machine = ConditionMachine(Program(parts.map { ($0, 0) }))
        machine.load(event, now: now)
        let results = machine.program.roots.map { machine.result(of: $0, in: source) }
        var next = 0
        return trace(expression, results, &next, isEvaluated: true)
    }

    /// Puts the results of all parts, in the order of ``Expression/flattened``, into a tree.
    private func trace(
        _ part: Expression, _ results: [ConditionTrace.Result], _ next: inout Int, isEvaluated: Bool
    ) -> ConditionTrace {
        let result = isEvaluated ? results[next] : .notEvaluated
        next += 1
        var isOpen = isEvaluated
        var parts: [ConditionTrace] = []
        for operand in part.tracedOperands {
            let trace = trace(operand, results, &next, isEvaluated: isOpen)
            parts.append(trace)
            if part.isDecided(by: trace.result) { isOpen = false }
        }
        return ConditionTrace(expression: source[part.place], result: result, parts: parts)
    }
}

extension ConditionMachine {
    fileprivate mutating func result(of instruction: Int, in source: SourceText) -> ConditionTrace.Result {
        do {
            let value = try value(instruction)
            return value.isMissing ? .missing : .value(json(value))
        } catch {
            return .failed(ConditionFailure(error.reason, at: program.origins[error.instruction].place, in: source))
        }
    }
}

extension Expression {
    /// This part, and all parts of it that are traced, each before its own.
    fileprivate var flattened: [Expression] {
        [self] + tracedOperands.flatMap(\.flattened)
    }

    /// The operands that have a value of their own: not those that are asked of each element.
    fileprivate var tracedOperands: [Expression] {
        if case .call(let function) = operation, function.looksAtElements { return Array(operands.prefix(1)) }
        // `not in`, `not like` and `is not null` are one part for who reads them.
        if case .not = operation, let negated = operands.first, negated.place == place { return negated.tracedOperands }
        return operands
    }

    /// Whether the result of an operand makes the operands after it unnecessary.
    fileprivate func isDecided(by result: ConditionTrace.Result) -> Bool {
        switch (operation, result) {
        case (.and, .value(.bool(false))), (.or, .value(.bool(true))), (.and, .failed), (.or, .failed): true
        default: false
        }
    }
}
