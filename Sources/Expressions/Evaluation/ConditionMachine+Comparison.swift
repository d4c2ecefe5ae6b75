import Core

/// Comparing and computing.
extension ConditionMachine {
    /// Whether a comparison of two values holds.
    func compare(
        _ comparison: Comparison, _ left: Value, _ right: Value, at instruction: Int
    ) throws(Fault) -> Bool {
        switch comparison {
        case .equal: try areEqual(left, right, at: instruction)
        case .different: try !areEqual(left, right, at: instruction)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            comparison.holds(for: try order(left, right, at: instruction))
        }
    }

    /// Whether two values are equal. Null equals nothing but null; two texts are equal by their characters alone.
    func areEqual(_ left: Value, _ right: Value, at instruction: Int) throws(Fault) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.null, _), (_, .null): false
        case (.boolean(let left), .boolean(let right)): left == right
        case (.text(let left), .text(let right)): hasSameBytes(left, right)
        default: try order(left, right, at: instruction) == 0
        }
    }

    /// How two values stand to each other: negative when the left one is smaller.
    ///
    /// A text stands for the number or the time that it holds when the other side is one. Two texts that both hold
    /// numbers, as amounts are written, compare as these; other texts compare by their characters.
    private func order(_ left: Value, _ right: Value, at instruction: Int) throws(Fault) -> Int {
        switch (left, right) {
        case (.number(let left), .number(let right)): return left.order(to: right)
        case (.time(let left), .time(let right)): return left < right ? -1 : left == right ? 0 : 1
        case (.duration(let left), .duration(let right)): return left < right ? -1 : left == right ? 0 : 1
        case (.text(let leftText), .text(let rightText)):
            if let left = number(left), let right = number(right) { return left.order(to: right) }
            return bytesOrder(leftText, rightText)
        case (.number, .text), (.text, .number):
            if let left = number(left), let right = number(right) { return left.order(to: right) }
        case (.time(let left), .text(let right)):
            if let right = time(right) { return left < right ? -1 : left == right ? 0 : 1 }
        case (.text(let left), .time(let right)):
            if let left = time(left) { return left < right ? -1 : left == right ? 0 : 1 }
        default: break
        }
        throw Fault(.incomparable(left.kind, right.kind), at: instruction)
    }

    /// Whether nothing changed between two values.
    func isSame(_ old: Value, _ new: Value) -> Bool {
        switch (old, new) {
        case (.missing, .missing), (.null, .null): true
        case (.boolean(let old), .boolean(let new)): old == new
        case (.number(let old), .number(let new)): old.order(to: new) == 0
        case (.text(let old), .text(let new)), (.largeNumber(let old), .largeNumber(let new)): hasSameBytes(old, new)
        case (.array(let old), .array(let new)), (.object(let old), .object(let new)):
            hasSameBytes(old, new) || isSameTree(old, new)
        default: false
        }
    }

    /// Whether two arrays or objects are the same but for the spaces and escapes that they are written with.
    private func isSameTree(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        // What cannot be read was changed by somebody who wrote it otherwise.
        guard let one = try? JSONParser.parse(Array(memory[one])) else { return false }
        return one == (try? JSONParser.parse(Array(memory[other])))
    }

    /// The number that a value is or holds as a text.
    func number(_ value: Value) -> ExactNumber? {
        switch value {
        case .number(let number): number
        case .text(let range):
            memory.withUnsafeBufferPointer { ExactNumber(decimal: UnsafeBufferPointer(rebasing: $0[range])) }
        default: nil
        }
    }

    /// The time that a text holds.
    func time(_ range: Range<Int>) -> Timestamp? {
        // Texts that are longer than a time with any fraction are not worth decoding.
        range.count >= 10 && range.count <= 64 ? Timestamp(String(decoding: memory[range], as: UTF8.self)) : nil
    }

    private func time(_ value: Value) -> Timestamp? {
        switch value {
        case .time(let time): time
        case .text(let range): time(range)
        default: nil
        }
    }

    private func hasSameBytes(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        return memory.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset < one.count, bytes[one.lowerBound + offset] == bytes[other.lowerBound + offset] { offset += 1 }
            return offset == one.count
        }
    }

    private func bytesOrder(_ one: Range<Int>, _ other: Range<Int>) -> Int {
        memory[one].lexicographicallyPrecedes(memory[other]) ? -1 : hasSameBytes(one, other) ? 0 : 1
    }

    /// The value with the other sign.
    func negated(_ value: Value, at instruction: Int) throws(Fault) -> Value {
        if case .duration(let microseconds) = value { return .duration(-microseconds) }
        guard let number = number(value) else {
            throw Fault(.wrongKind(value.kind, needed: .number), at: instruction)
        }
        return .number(number.negated)
    }

    /// Computes with numbers, times and durations. A text stands for the number that it holds, else for the time.
    func compute(
        _ arithmetic: Arithmetic, _ left: Value, _ right: Value, at instruction: Int
    ) throws(Fault) -> Value {
        if let left = number(left), let right = number(right) {
            return .number(try compute(arithmetic, left, right, at: instruction))
        }
        switch (arithmetic, left, right) {
        case (.add, .duration(let left), .duration(let right)):
            return .duration(try span(left.addingReportingOverflow(right), at: instruction))
        case (.subtract, .duration(let left), .duration(let right)):
            return .duration(try span(left.subtractingReportingOverflow(right), at: instruction))
        case (.add, _, .duration(let span)), (.add, .duration(let span), _):
            let other = if case .duration = right { left } else { right }
            if let time = time(other) { return .time(try moved(time, by: span, at: instruction)) }
        case (.subtract, _, .duration(let span)):
            if let time = time(left) { return .time(try moved(time, by: -span, at: instruction)) }
        case (.subtract, _, _):
            if let left = time(left), let right = time(right) {
                let (span, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
                return .duration(try self.span((span, overflow), at: instruction))
            }
        default: break
        }
        throw Fault(.noArithmetic(left.kind, right.kind), at: instruction)
    }

    private func compute(
        _ arithmetic: Arithmetic, _ left: ExactNumber, _ right: ExactNumber, at instruction: Int
    ) throws(Fault) -> ExactNumber {
        let result: ExactNumber?
        switch arithmetic {
        case .add: result = left.adding(right)
        case .subtract: result = left.adding(right.negated)
        case .multiply: result = left.multiplied(by: right)
        case .divide:
            guard right.coefficient != 0 else { throw Fault(.divisionByZero, at: instruction) }
            result = left.divided(by: right)
        }
        guard let result else { throw Fault(.numberTooLarge, at: instruction) }
        return result
    }

    private func span(_ sum: (partialValue: Int64, overflow: Bool), at instruction: Int) throws(Fault) -> Int64 {
        // Spans stay so short that each can be turned round.
        guard !sum.overflow, sum.partialValue.magnitude <= UInt64(Int64.max) else {
            throw Fault(.timeOutOfRange, at: instruction)
        }
        return sum.partialValue
    }

    private func moved(_ time: Timestamp, by span: Int64, at instruction: Int) throws(Fault) -> Timestamp {
        let (sum, overflow) = time.microseconds.addingReportingOverflow(span)
        let moved = Timestamp(microseconds: sum)
        guard !overflow, moved >= .earliest, moved <= .latest else { throw Fault(.timeOutOfRange, at: instruction) }
        return moved
    }
}
