/// Why an instruction has no value: what a ``ConditionFailure`` is made of when somebody wants to read it.
struct Fault: Error {
    let reason: Reason
    /// The instruction that failed.
    let instruction: Int

    init(_ reason: Reason, at instruction: Int) {
        self.reason = reason
        self.instruction = instruction
    }

    enum Reason: Sendable, Equatable {
        /// The field is not there.
        case missing
        /// The value is of another kind than is needed.
        case wrongKind(ValueKind, needed: ValueKind)
        /// The values do not compare with each other.
        case incomparable(ValueKind, ValueKind)
        /// These operands do not add up, and so on.
        case noArithmetic(ValueKind, ValueKind)
        /// The number has more than 18 digits.
        case numberTooLarge
        /// The time is before year 1 or after year 9999, or the duration is longer than all of them.
        case timeOutOfRange
        case divisionByZero
        /// The text is no time.
        case noTime
        /// Nobody recorded how the entity was before the change, or after it.
        case noImage(isBefore: Bool)
        /// An image is not valid JSON near this byte.
        case malformed(isBefore: Bool, byte: Int)
    }
}
