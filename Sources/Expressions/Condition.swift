public import Core

/// A condition of an observer: whether it acts on an event.
///
/// A field is a path into the entity: `status`, `shipping_address.country`, `items[0].sku`. `new.` and `old.` say which
/// side of the change, `event.` names its circumstances. Numbers compare exactly, and so do texts that hold one with
/// numbers. What cannot be answered is a failure and never simply false: a field that is not there, things of different
/// kinds. To evaluate conditions, make a ``ConditionSet`` of them.
///
///     try Condition(parsing: "total_amount > 100 && field_changed_to('status', 'shipped')")
public struct Condition: Sendable {
    /// The text that it was read from.
    public let text: String
    /// The paths of the fields that it reads, in a sorted list: `items[].sku` for a member of elements of an array.
    public let fields: [String]
    let source: SourceText
    let expression: Expression

    /// Reads a condition of at most 4096 bytes, 64 levels, and 32 arguments of a function.
    ///
    /// - throws: ``Core/Failure`` of kind `invalid`, code `invalid_condition`. Its message has the line, the column,
    ///   and the text with a caret below the place; its details have the members `line` and `column`.
    public init(parsing text: String) throws(Failure) {
        self.text = text
        source = SourceText(text, subject: "condition")
        expression = try ConditionParser.parse(source)
        fields = Set(expression.fields(ofElementsOf: "")).sorted()
    }

    /// Whether it asks for the time, or for the circumstances of an event, so that it may hold of an entity once and
    /// not hold of the same entity later.
    public var asksForCircumstances: Bool { expression.asksForCircumstances }
}

extension Expression {
    fileprivate var asksForCircumstances: Bool {
        switch operation {
        case .call(.now): true
        case .field(let path), .hasField(let path), .changed(let path), .changedTo(let path), .changedFrom(let path):
            path.isCircumstance || operands.contains(where: \.asksForCircumstances)
        default: operands.contains(where: \.asksForCircumstances)
        }
    }

    /// The names of the fields that it reads.
    ///
    /// - parameter container: the name of the array whose elements are looked at, or nothing.
    fileprivate func fields(ofElementsOf container: String) -> [String] {
        switch operation {
        case .field(let path), .hasField(let path), .changed(let path), .changedTo(let path), .changedFrom(let path):
            return [path.name(ofElementsOf: container)].filter { !$0.isEmpty }
                + operands.flatMap { $0.fields(ofElementsOf: container) }
        case .call(let function) where function.looksAtElements && operands.count == 2:
            guard case .field(let path) = operands[0].operation else { fallthrough }
            let elements = path.name(ofElementsOf: container) + "[]"
            return operands[0].fields(ofElementsOf: container) + operands[1].fields(ofElementsOf: elements)
        default:
            return operands.flatMap { $0.fields(ofElementsOf: container) }
        }
    }
}

extension FieldPath {
    /// The name as a catalogue of fields has it, of a path that may begin at an element of an array.
    fileprivate func name(ofElementsOf container: String) -> String {
        guard root == .element, !container.isEmpty else { return name }
        return name.isEmpty || name.hasPrefix("[") ? container + name : "\(container).\(name)"
    }
}
