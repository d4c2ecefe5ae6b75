import Core

/// A part of a compiled condition. Operands are the numbers of other instructions; nothing in it counts references.
enum Instruction: Sendable {
    case constant(Value)
    case field(FieldSource, node: Int)
    case event(EventField)
    case and(Range<Int>)
    case or(Range<Int>)
    case not(Int)
    case negate(Int)
    case comparison(Comparison, Int, Int)
    case arithmetic(Arithmetic, Int, Int)
    case isNull(Int)
    /// Whether the first of the operands equals one of the others.
    case isIn(Range<Int>)
    case like(Int, pattern: Int)
    /// A function of these operands.
    case call(Function, Range<Int>)
    case hasField(FieldSource, node: Int)
    case changed(node: Int)
    case changedTo(node: Int, Int)
    case changedFrom(node: Int, Int)
    /// A function that looks at the elements of the array that is its operand.
    case elements(Function, array: Int, lambda: Int)
}

/// Where the value of a field is found.
enum FieldSource: Sendable {
    case data
    case new
    case old
    /// The element that a function looks at, by the number of the function's lambda.
    case element(Int)
}

/// What a function asks of each element of an array.
struct Lambda: Sendable {
    /// What it reads of the element.
    let tree: PathTree
    /// Where the values of the fields of the element stand.
    let values: Range<Int>
    /// The instruction that is evaluated for each element; nil for the element itself.
    let body: Int?
}

/// Where an instruction came from, for messages.
struct Origin: Sendable {
    /// The number of the condition.
    let condition: Int
    /// Where it stands in its text, in bytes.
    let place: Range<Int>
}
