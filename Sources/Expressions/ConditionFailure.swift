public import Core

/// Why a condition could not be answered for an event.
public struct ConditionFailure: Error, Sendable, Equatable {
    /// A stable word for programs, for example `missing_field`.
    public let code: String
    /// What is wrong with which part of the condition, and how it may be remedied.
    public let message: String
    /// The part of the condition that has no value.
    public let expression: String
    /// The line of that part in the text of the condition, from 1.
    public let line: Int
    /// The column of its first character, from 1.
    public let column: Int
    /// What is wrong, without the place.
    let reason: String

    /// The same as a failure of the one type that all layers know: kind `invalid`, with the place in its details.
    public var failure: Failure {
        Failure(
            .invalid, code: "condition_failed", message,
            details: [
                .init("reason", .string(code)), .init("line", .integer(line)), .init("column", .integer(column)),
            ])
    }

    init(_ reason: Fault.Reason, at place: Range<Int>, in source: SourceText) {
        expression = source[place]
        (line, column) = source.place(of: place.lowerBound)
        (code, self.reason) = Self.explanation(reason, of: "`\(expression)`")
        message = "The condition has no answer: line \(line), column \(column): \(self.reason)."
    }

    private static func explanation(_ reason: Fault.Reason, of what: String) -> (code: String, text: String) {
        switch reason {
        case .missing:
            (
                "missing_field",
                "there is no field \(what); ask has_field('…') or `is null` first, and put a text in quotes"
            )
        case .wrongKind(let kind, let needed):
            ("wrong_kind", "\(needed.rawValue) is needed, but \(what) is \(kind.rawValue)\(hint(kind))")
        case .incomparable(let left, let right):
            (
                "wrong_kind",
                "\(left.rawValue) does not compare with \(right.rawValue) in \(what)"
                    + (left == .null ? hint(left) : hint(right))
            )
        case .noArithmetic(let left, let right):
            (
                "wrong_kind",
                "\(left.rawValue) and \(right.rawValue) cannot be computed with in \(what)"
                    + (left == .null ? hint(left) : hint(right))
            )
        case .numberTooLarge: ("number_too_large", "\(what) needs more than \(Decimal.digitLimit) digits")
        case .timeOutOfRange: ("time_out_of_range", "\(what) is outside of the years 1 to 9999")
        case .divisionByZero: ("division_by_zero", "\(what) divides by zero")
        case .noTime: ("wrong_kind", "\(what) is no time; write times as 2026-01-31T09:30:00Z")
        case .noImage(let isBefore):
            (
                "missing_image",
                "\(what) needs the state \(isBefore ? "before" : "after") the change, and the event has none"
            )
        case .malformed(let isBefore, let byte):
            (
                "malformed_image",
                "the state \(isBefore ? "before" : "after") the change is not valid JSON near byte \(byte)"
            )
        }
    }

    private static func hint(_ kind: ValueKind) -> String {
        switch kind {
        case .null: "; ask `is null` first"
        case .array: "; ask any(…, this == …) of its elements"
        default: ""
        }
    }
}

extension ConditionFailure: CustomStringConvertible {
    public var description: String { message }
}
