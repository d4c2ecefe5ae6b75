import Core

/// Going through the instructions.
///
/// Operands are evaluated before the call of a function that does not change the machine: such a call looks at the
/// machine as it was before its arguments were evaluated, and evaluating them may put texts into the memory.
extension ConditionMachine {
    /// Whether an instruction holds.
    mutating func truth(_ instruction: Int) throws(Fault) -> Bool {
        switch program.instructions[instruction] {
        case .and(let operands):
            for index in operands where try !truth(program.operands[index]) { return false }
            return true
        case .or(let operands):
            for index in operands where try truth(program.operands[index]) { return true }
            return false
        case .not(let operand):
            return try !truth(operand)
        case .comparison(let comparison, let left, let right):
            let left = try operand(left)
            let right = try operand(right)
            return try compare(comparison, left, right, at: instruction)
        case .isNull(let operand):
            switch try value(operand) {
            case .null, .missing: return true
            default: return false
            }
        case .isIn(let operands):
            return try isIn(operands, at: instruction)
        case .like(let operand, let pattern):
            let text = try text(operand)
            return memory.withUnsafeBufferPointer {
                program.patterns[pattern].matches(UnsafeBufferPointer(rebasing: $0[text]))
            }
        case .hasField(let source, let node):
            return try !field(source, node, at: instruction).isMissing
        case .changed(let node):
            return try change(of: node, at: instruction) != nil
        case .changedTo(let node, let operand):
            guard let change = try change(of: node, at: instruction) else { return false }
            let value = try self.operand(operand)
            return try areEqual(change.new, value, at: instruction)
        case .changedFrom(let node, let operand):
            guard let change = try change(of: node, at: instruction) else { return false }
            let value = try self.operand(operand)
            return try areEqual(change.old, value, at: instruction)
        case .constant, .field, .event, .negate, .arithmetic, .call, .elements:
            let value = try operand(instruction)
            guard case .boolean(let truth) = value else {
                throw Fault(.wrongKind(value.kind, needed: .boolean), at: instruction)
            }
            return truth
        }
    }

    /// The value of an instruction, ``Value/missing`` of a field that is not there.
    mutating func value(_ instruction: Int) throws(Fault) -> Value {
        switch program.instructions[instruction] {
        case .constant(let value):
            return value
        case .field(let source, let node):
            return try field(source, node, at: instruction)
        case .event(let field):
            return eventField(field)
        case .negate(let operand):
            let value = try self.operand(operand)
            return try negated(value, at: operand)
        case .arithmetic(let arithmetic, let left, let right):
            let left = try operand(left)
            let right = try operand(right)
            return try compute(arithmetic, left, right, at: instruction)
        case .call(let function, let operands):
            return try call(function, operands, at: instruction)
        case .elements(let function, let array, let lambda):
            return try look(function, array: array, lambda: lambda, at: instruction)
        case .and, .or, .not, .comparison, .isNull, .isIn, .like, .hasField, .changed, .changedTo, .changedFrom:
            return .boolean(try truth(instruction))
        }
    }

    /// The value of an instruction, which must have one.
    mutating func operand(_ instruction: Int) throws(Fault) -> Value {
        let value = try value(instruction)
        switch value {
        case .missing: throw Fault(.missing, at: instruction)
        case .largeNumber: throw Fault(.numberTooLarge, at: instruction)
        default: return value
        }
    }

    /// The value of an instruction, which must be a text.
    mutating func text(_ instruction: Int) throws(Fault) -> Range<Int> {
        let value = try operand(instruction)
        guard case .text(let range) = value else {
            throw Fault(.wrongKind(value.kind, needed: .text), at: instruction)
        }
        return range
    }

    private mutating func isIn(_ operands: Range<Int>, at instruction: Int) throws(Fault) -> Bool {
        let value = try operand(program.operands[operands.lowerBound])
        for index in operands.dropFirst() {
            let other = try operand(program.operands[index])
            if try areEqual(value, other, at: instruction) { return true }
        }
        return false
    }

    /// The value of a field on both sides of the change, null where it is missing. Returns nil when both are the same.
    ///
    /// A number that is written otherwise is the same; in arrays and objects its text counts, and the order of members.
    private mutating func change(
        of node: Int, at instruction: Int
    ) throws(Fault) -> (old: Value, new: Value)? {
        let new = try newField(node, at: instruction)
        let old = try oldField(node, at: instruction)
        if isSame(old, new) { return nil }
        for value in [old, new] {
            if case .largeNumber = value { throw Fault(.numberTooLarge, at: instruction) }
        }
        return (old.isMissing ? .null : old, new.isMissing ? .null : new)
    }
}

/// Functions.
extension ConditionMachine {
    private mutating func call(
        _ function: Function, _ operands: Range<Int>, at instruction: Int
    ) throws(Fault) -> Value {
        let first = operands.isEmpty ? instruction : program.operands[operands.lowerBound]
        switch function {
        case .now: return .time(now)
        case .date: return try date(first)
        case .lower: return changedCase(try text(first), isUpper: false)
        case .upper: return changedCase(try text(first), isUpper: true)
        case .length:
            let text = try text(first)
            let count = memory[text].count { $0 & 0xC0 != 0x80 }
            return .number(ExactNumber(Int64(count)))
        case .startsWith, .endsWith, .contains:
            let text = try text(first)
            let part = try self.text(program.operands[operands.lowerBound + 1])
            return .boolean(has(function, memory[text], memory[part]))
        case .coalesce:
            for index in operands {
                let value = try value(program.operands[index])
                switch value {
                case .missing, .null: continue
                case .largeNumber: throw Fault(.numberTooLarge, at: program.operands[index])
                default: return value
                }
            }
            return .null
        case .count, .any, .all, .sum, .hasField, .fieldChanged, .fieldChangedTo, .fieldChangedFrom:
            // These are instructions of their own.
            return .missing
        }
    }

    private mutating func date(_ instruction: Int) throws(Fault) -> Value {
        let value = try operand(instruction)
        if case .time = value { return value }
        guard case .text(let range) = value else {
            throw Fault(.wrongKind(value.kind, needed: .time), at: instruction)
        }
        guard let time = time(range) else { throw Fault(.noTime, at: instruction) }
        return .time(time)
    }

    private mutating func changedCase(_ range: Range<Int>, isUpper: Bool) -> Value {
        let text = memory[range]
        guard text.allSatisfy({ $0 < 0x80 }) else {
            let text = String(decoding: text, as: UTF8.self)
            return remember((isUpper ? text.uppercased() : text.lowercased()).utf8)
        }
        let first = isUpper ? UInt8(ascii: "a") : UInt8(ascii: "A")
        return remember(text.map { $0 &- first < 26 ? $0 ^ 0x20 : $0 })
    }

    private func has(_ function: Function, _ text: ArraySlice<UInt8>, _ part: ArraySlice<UInt8>) -> Bool {
        switch function {
        case .startsWith: return text.starts(with: part)
        case .endsWith: return text.suffix(part.count).elementsEqual(part)
        default:
            guard let first = part.first else { return true }
            var rest = text
            while let index = rest.firstIndex(of: first), text.endIndex - index >= part.count {
                rest = text[index...]
                if rest.starts(with: part) { return true }
                rest = rest.dropFirst()
            }
            return false
        }
    }

    /// Asks a lambda of the elements of an array, up to the one that decides.
    private mutating func look(
        _ function: Function, array: Int, lambda: Int, at instruction: Int
    ) throws(Fault) -> Value {
        let value = try operand(array)
        guard case .array(let range) = value else { throw Fault(.wrongKind(value.kind, needed: .array), at: array) }
        let body = program.lambdas[lambda].body
        var position = range.lowerBound + 1
        var count: Int64 = 0
        var sum = ExactNumber(0)
        while try nextElement(lambda, &position, of: range, at: array) {
            count += 1
            switch (function, body) {
            case (.any, let body?):
                if try truth(body) { return .boolean(true) }
            case (.all, let body?):
                if try !truth(body) { return .boolean(false) }
            case (.sum, let body):
                guard let total = sum.adding(try summand(body, lambda, at: array)) else {
                    throw Fault(.numberTooLarge, at: instruction)
                }
                sum = total
            default: continue
            }
        }
        switch function {
        case .any: return .boolean(false)
        case .all: return .boolean(true)
        case .sum: return .number(sum)
        default: return .number(ExactNumber(count))
        }
    }

    /// What an element adds to a sum: what the body says of it, or the element itself.
    private mutating func summand(_ body: Int?, _ lambda: Int, at array: Int) throws(Fault) -> ExactNumber {
        let value = if let body { try operand(body) } else { try field(.element(lambda), 0, at: array) }
        if let number = number(value) { return number }
        if case .largeNumber = value { throw Fault(.numberTooLarge, at: array) }
        throw Fault(.wrongKind(value.kind, needed: .number), at: body ?? array)
    }
}
