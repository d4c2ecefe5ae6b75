/// Many conditions, compiled into one list of instructions over one set of fields.
struct Program: Sendable {
    /// What is done, and where each came from.
    let instructions: [Instruction]
    let origins: [Origin]
    /// The lists of operands that instructions name ranges of.
    let operands: [Int]
    let patterns: [LikePattern]
    let lambdas: [Lambda]
    /// The fields that are read of the images.
    let tree: PathTree
    /// The texts that stand in the conditions, one after the other.
    let constants: [UInt8]
    /// How many values are kept: those of the image after, of the image before, and of the elements.
    let valueCount: Int
    /// The instruction of each expression that was compiled.
    let roots: [Int]

    /// Compiles expressions.
    ///
    /// - parameter expressions: each with the number of its condition.
    init(_ expressions: [(expression: Expression, condition: Int)]) {
        var compiler = ConditionCompiler()
        roots = expressions.map { compiler.compile($0.expression, of: $0.condition) }
        let fields = compiler.images.children.count
        var count = 2 * fields
        var lambdas: [Lambda] = []
        for lambda in compiler.lambdas {
            let tree = PathTree(lambda.fields)
            lambdas.append(Lambda(tree: tree, values: count..<count + tree.nodes.count, body: lambda.body))
            count += tree.nodes.count
        }
        self.lambdas = lambdas
        valueCount = count
        tree = PathTree(compiler.images)
        instructions = compiler.instructions
        origins = compiler.origins
        operands = compiler.operands
        patterns = compiler.patterns
        constants = compiler.constants
    }
}

/// Turns trees of expressions into instructions.
private struct ConditionCompiler {
    struct OpenLambda {
        var fields = PathTreeBuilder()
        var body: Int?
    }

    var instructions: [Instruction] = []
    var origins: [Origin] = []
    var operands: [Int] = []
    var patterns: [LikePattern] = []
    var lambdas: [OpenLambda] = []
    var images = PathTreeBuilder()
    var constants: [UInt8] = []
    /// The lambdas around what is compiled, the innermost last.
    private var open: [Int] = []

    /// Compiles an expression and returns the number of its instruction.
    mutating func compile(_ expression: Expression, of condition: Int) -> Int {
        let instruction = instruction(expression, condition)
        instructions.append(instruction)
        origins.append(Origin(condition: condition, place: expression.place))
        return instructions.count - 1
    }

    private mutating func instruction(_ expression: Expression, _ condition: Int) -> Instruction {
        let parts = expression.operands
        switch expression.operation {
        case .constant(let constant): return .constant(value(constant))
        case .field(let path): return field(path)
        case .and: return .and(compileAll(parts, condition))
        case .or: return .or(compileAll(parts, condition))
        case .not: return .not(compile(parts[0], of: condition))
        case .negate: return .negate(compile(parts[0], of: condition))
        case .comparison(let comparison): return self.comparison(comparison, parts[0], parts[1], condition)
        case .arithmetic(let arithmetic):
            return .arithmetic(arithmetic, compile(parts[0], of: condition), compile(parts[1], of: condition))
        case .isNull: return .isNull(compile(parts[0], of: condition))
        case .isIn: return .isIn(compileAll(parts, condition))
        case .like(let pattern):
            patterns.append(pattern)
            return .like(compile(parts[0], of: condition), pattern: patterns.count - 1)
        case .call(let function): return call(function, parts, condition)
        case .hasField(let path):
            guard case .field(let source, let node) = field(path) else { return .constant(.boolean(true)) }
            return .hasField(source, node: node)
        case .changed(let path): return .changed(node: images.node(of: path.steps))
        case .changedTo(let path):
            return .changedTo(node: images.node(of: path.steps), compile(parts[0], of: condition))
        case .changedFrom(let path):
            return .changedFrom(node: images.node(of: path.steps), compile(parts[0], of: condition))
        }
    }

    /// Compiles expressions and notes the numbers of their instructions one after the other.
    private mutating func compileAll(_ expressions: [Expression], _ condition: Int) -> Range<Int> {
        let compiled = expressions.map { compile($0, of: condition) }
        operands += compiled
        return operands.count - compiled.count..<operands.count
    }

    private mutating func value(_ constant: Constant) -> Value {
        switch constant {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .number(let value): return .number(value)
        case .time(let value): return .time(value)
        case .duration(let value): return .duration(value)
        case .text(let text):
            let start = constants.count
            constants.append(contentsOf: text.utf8)
            return .text(start..<constants.count)
        }
    }

    private mutating func field(_ path: FieldPath) -> Instruction {
        switch path.root {
        case .data: return .field(.data, node: images.node(of: path.steps))
        case .new: return .field(.new, node: images.node(of: path.steps))
        case .old: return .field(.old, node: images.node(of: path.steps))
        case .event(let field): return .event(field)
        case .element:
            // The parser makes such paths within a lambda only.
            guard let lambda = open.last else { return .constant(.missing) }
            return .field(.element(lambda), node: lambdas[lambda].fields.node(of: path.steps))
        }
    }

    /// Equality with a literal null asks whether there is nothing, so that a field may be missing there.
    private mutating func comparison(
        _ comparison: Comparison, _ left: Expression, _ right: Expression, _ condition: Int
    ) -> Instruction {
        if let operand = left.isNull ? right : right.isNull ? left : nil {
            if comparison == .equal { return .isNull(compile(operand, of: condition)) }
            if comparison == .different {
                instructions.append(.isNull(compile(operand, of: condition)))
                origins.append(Origin(condition: condition, place: operand.place))
                return .not(instructions.count - 1)
            }
        }
        return .comparison(comparison, compile(left, of: condition), compile(right, of: condition))
    }

    private mutating func call(_ function: Function, _ parts: [Expression], _ condition: Int) -> Instruction {
        guard function.looksAtElements || function == .count else {
            return .call(function, compileAll(parts, condition))
        }
        let array = compile(parts[0], of: condition)
        lambdas.append(OpenLambda())
        let lambda = lambdas.count - 1
        if parts.count > 1 {
            open.append(lambda)
            lambdas[lambda].body = compile(parts[1], of: condition)
            open.removeLast()
        }
        return .elements(function, array: array, lambda: lambda)
    }
}

extension Expression {
    /// Whether it is the word `null`.
    fileprivate var isNull: Bool {
        if case .constant(.null) = operation { true } else { false }
    }
}
