import Core

/// What an expression comes to. Texts, arrays and objects are ranges of the memory of a ``ConditionMachine``.
enum Value: Sendable {
    /// A field that is not there.
    case missing
    case null
    case boolean(Bool)
    case number(ExactNumber)
    case text(Range<Int>)
    case time(Timestamp)
    /// A span of time in microseconds.
    case duration(Int64)
    case array(Range<Int>)
    case object(Range<Int>)
    /// A number of more digits than can be computed with.
    case largeNumber(Range<Int>)

    var kind: ValueKind {
        switch self {
        case .missing: .missing
        case .null: .null
        case .boolean: .boolean
        case .number, .largeNumber: .number
        case .text: .text
        case .time: .time
        case .duration: .duration
        case .array: .array
        case .object: .object
        }
    }

    var isMissing: Bool {
        if case .missing = self { true } else { false }
    }
}

/// The kinds of values, with the words that messages use for them.
enum ValueKind: String, Sendable {
    case missing = "nothing"
    case null
    case boolean = "true or false"
    case number = "a number"
    case text = "a text"
    case time = "a time"
    case duration = "a duration"
    case array = "an array"
    case object = "an object"
}
