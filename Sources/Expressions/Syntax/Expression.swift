import Core

/// A condition, or a part of one, as a tree.
struct Expression: Sendable {
    let operation: Operation
    let operands: [Expression]
    /// Where it stands in the text, in bytes.
    let place: Range<Int>
    /// How many levels the tree has.
    let height: Int

    init(_ operation: Operation, _ operands: [Expression] = [], at place: Range<Int>) {
        self.operation = operation
        self.operands = operands
        self.place = place
        height = 1 + (operands.lazy.map(\.height).max() ?? 0)
    }

    /// What is done with the operands.
    enum Operation: Sendable {
        case constant(Constant)
        case field(FieldPath)
        /// Whether all operands hold, asked from left to right up to the first that does not.
        case and
        /// Whether an operand holds, asked from left to right up to the first that does.
        case or
        case not
        case negate
        case comparison(Comparison)
        case arithmetic(Arithmetic)
        case isNull
        /// Whether the first operand equals one of the others.
        case isIn
        case like(LikePattern)
        case call(Function)
        case hasField(FieldPath)
        case changed(FieldPath)
        case changedTo(FieldPath)
        case changedFrom(FieldPath)
    }
}

extension Expression {
    /// Whether it can be neither true nor false, whatever the event.
    var isNeverTruth: Bool {
        switch operation {
        case .constant(.boolean): false
        case .constant, .arithmetic, .negate: true
        case .call(let function): [.now, .date, .lower, .upper, .length, .count, .sum].contains(function)
        default: false
        }
    }
}

/// A value that stands in the text of a condition.
enum Constant: Sendable {
    case null
    case boolean(Bool)
    case number(ExactNumber)
    case text(String)
    case time(Timestamp)
    /// Microseconds.
    case duration(Int64)
}

/// The comparisons.
enum Comparison: Sendable {
    case equal, different, less, lessOrEqual, greater, greaterOrEqual

    /// Whether it holds for an order: negative when the left value is smaller, zero when both are equal.
    func holds(for order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .different: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

/// The four operations of arithmetic.
enum Arithmetic: Sendable {
    case add, subtract, multiply, divide
}
