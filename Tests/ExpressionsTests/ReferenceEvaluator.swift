import Core

/// A condition as a tree that knows its text, and evaluates itself in the plainest way: over trees of JSON, by copies.
///
/// It shares nothing with the room but the meaning, so that both can be held against each other.
indirect enum ReferenceCondition {
    case literal(JSONValue)
    case path(root: String, [JSONStep])
    case and([ReferenceCondition])
    case or([ReferenceCondition])
    case not(ReferenceCondition)
    case compare(String, ReferenceCondition, ReferenceCondition)
    case isNull(ReferenceCondition)
    case isIn(ReferenceCondition, [ReferenceCondition])
    case arithmetic(String, ReferenceCondition, ReferenceCondition)
    case hasField([JSONStep])
    case changed([JSONStep])
    case changedTo([JSONStep], ReferenceCondition)
    case elements(String, ReferenceCondition, ReferenceCondition)
    case coalesce([ReferenceCondition])
    case lower(ReferenceCondition)
    case startsWith(ReferenceCondition, ReferenceCondition)
}

/// A step of a path into JSON.
enum JSONStep {
    case name(String)
    case index(Int)
}

extension ReferenceCondition {
    /// The condition as somebody would write it, with all parentheses.
    var text: String {
        switch self {
        case .literal(.string(let text)): "'\(text)'"
        case .literal(.number(let text)): text
        case .literal(.bool(let value)): "\(value)"
        case .literal: "null"
        case .path(let root, let steps): Self.text(root, steps)
        case .and(let parts): "(\(parts.map(\.text).joined(separator: " && ")))"
        case .or(let parts): "(\(parts.map(\.text).joined(separator: " or ")))"
        case .not(let part): "(!\(part.text))"
        case .compare(let sign, let left, let right): "(\(left.text) \(sign) \(right.text))"
        case .isNull(let part): "(\(part.text) is null)"
        case .isIn(let part, let list): "(\(part.text) in (\(list.map(\.text).joined(separator: ", "))))"
        case .arithmetic(let sign, let left, let right): "(\(left.text) \(sign) \(right.text))"
        case .hasField(let steps): "has_field('\(Self.text("", steps))')"
        case .changed(let steps): "field_changed('\(Self.text("", steps))')"
        case .changedTo(let steps, let value): "field_changed_to('\(Self.text("", steps))', \(value.text))"
        case .elements(let function, let array, let body): "\(function)(\(array.text), \(body.text))"
        case .coalesce(let parts): "coalesce(\(parts.map(\.text).joined(separator: ", ")))"
        case .lower(let part): "lower(\(part.text))"
        case .startsWith(let text, let start): "starts_with(\(text.text), \(start.text))"
        }
    }

    private static func text(_ root: String, _ steps: [JSONStep]) -> String {
        steps.reduce(into: root) { text, step in
            switch step {
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}

/// What a condition is evaluated on.
struct ReferenceScope {
    let after: JSONValue
    let before: JSONValue
    var element: JSONValue?
}

/// Why a condition has no answer, by the code of the failure.
struct ReferenceFailure: Error {
    let code: String

    static let missing = ReferenceFailure(code: "missing_field")
    static let kind = ReferenceFailure(code: "wrong_kind")
}

extension ReferenceCondition {
    /// "true", "false", or the code of the failure.
    func answer(_ scope: ReferenceScope) -> String {
        do {
            return try truth(scope) ? "true" : "false"
        } catch {
            return (error as? ReferenceFailure)?.code ?? "\(error)"
        }
    }

    private func truth(_ scope: ReferenceScope) throws -> Bool {
        guard case .bool(let value) = try present(scope) else { throw ReferenceFailure.kind }
        return value
    }

    private func present(_ scope: ReferenceScope) throws -> JSONValue {
        guard let value = try value(scope) else { throw ReferenceFailure.missing }
        return value
    }

    private func text(_ scope: ReferenceScope) throws -> String {
        guard case .string(let text) = try present(scope) else { throw ReferenceFailure.kind }
        return text
    }

    /// The value, nil of a field that is not there.
    private func value(_ scope: ReferenceScope) throws -> JSONValue? {
        switch self {
        case .literal(let value): return value
        case .path(let root, let steps): return Self.find(steps, in: Self.root(root, scope))
        case .and(let parts): return .bool(try parts.allSatisfy { try $0.truth(scope) })
        case .or(let parts): return .bool(try parts.contains { try $0.truth(scope) })
        case .not(let part): return .bool(try !part.truth(scope))
        case .compare(let sign, let left, let right): return .bool(try Self.compare(sign, left, right, scope))
        case .isNull(let part): return .bool([nil, .null].contains(try part.value(scope)))
        case .isIn(let part, let list):
            let value = try part.present(scope)
            return .bool(try list.contains { try Self.equal(value, $0.present(scope)) })
        case .arithmetic(let sign, let left, let right):
            let (left, right) = (try left.present(scope), try right.present(scope))
            guard let left = Self.number(left), let right = Self.number(right) else { throw ReferenceFailure.kind }
            return .number((sign == "+" ? left + right : sign == "-" ? left - right : left * right).text)
        case .hasField(let steps): return .bool(Self.find(steps, in: scope.element ?? scope.after) != nil)
        case .changed(let steps): return .bool(Self.change(steps, scope) != nil)
        case .changedTo(let steps, let value):
            guard let change = Self.change(steps, scope) else { return .bool(false) }
            return .bool(try Self.equal(change, value.present(scope)))
        case .elements(let function, let array, let body):
            guard case .array(let elements) = try array.present(scope) else { throw ReferenceFailure.kind }
            let truth = { (element: JSONValue) in
                try body.truth(ReferenceScope(after: scope.after, before: scope.before, element: element))
            }
            return .bool(try function == "any" ? elements.contains(where: truth) : elements.allSatisfy(truth))
        case .coalesce(let parts):
            for part in parts {
                if let value = try part.value(scope), value != .null { return value }
            }
            return .null
        case .lower(let part): return .string(try part.text(scope).lowercased())
        case .startsWith(let text, let start):
            let text = try text.text(scope)
            return .bool(text.utf8.starts(with: try start.text(scope).utf8))
        }
    }

    private static func root(_ root: String, _ scope: ReferenceScope) -> JSONValue {
        switch root {
        case "": scope.element ?? scope.after
        case "this": scope.element ?? .null
        case "old": scope.before
        default: scope.after
        }
    }

    private static func find(_ steps: [JSONStep], in value: JSONValue) -> JSONValue? {
        steps.reduce(value as JSONValue?) { value, step in
            switch (value, step) {
            case (.object(let object)?, .name(let name)): object[name]
            case (.array(let values)?, .index(let index)): values.indices.contains(index) ? values[index] : nil
            default: nil
            }
        }
    }

    /// The new value of a field that changed.
    private static func change(_ steps: [JSONStep], _ scope: ReferenceScope) -> JSONValue? {
        let (old, new) = (find(steps, in: scope.before), find(steps, in: scope.after))
        if case .number? = old, case .number? = new, let old = old.flatMap(number), let new = new.flatMap(number) {
            return old.order(new) == 0 ? nil : .number(new.text)
        }
        return old == new ? nil : new ?? .null
    }

    private static func compare(
        _ sign: String, _ left: ReferenceCondition, _ right: ReferenceCondition, _ scope: ReferenceScope
    ) throws -> Bool {
        if sign == "==" || sign == "!=" {
            for (side, other) in [(left, right), (right, left)] {
                guard case .literal(.null) = side else { continue }
                return [nil, .null].contains(try other.value(scope)) == (sign == "==")
            }
            return try equal(left.present(scope), right.present(scope)) == (sign == "==")
        }
        let order = try order(left.present(scope), right.present(scope))
        switch sign {
        case "<": return order < 0
        case "<=": return order <= 0
        case ">": return order > 0
        default: return order >= 0
        }
    }

    private static func equal(_ left: JSONValue, _ right: JSONValue) throws -> Bool {
        switch (left, right) {
        case (.null, _), (_, .null): left == right
        case (.string, .string), (.bool, .bool): left == right
        default: try order(left, right) == 0
        }
    }

    private static func order(_ left: JSONValue, _ right: JSONValue) throws -> Int {
        if let left = number(left), let right = number(right) { return left.order(right) }
        guard case .string(let left) = left, case .string(let right) = right else { throw ReferenceFailure.kind }
        return left == right ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    }

    private static func number(_ value: JSONValue) -> Fraction? {
        switch value {
        case .number(let text), .string(let text): Decimal(text).map(Fraction.init)
        default: nil
        }
    }
}

/// A decimal number as a fraction of a million, wide enough for what the tests compute.
private struct Fraction {
    let parts: Int128

    init(_ decimal: Decimal) {
        parts = (0..<(12 - decimal.scale)).reduce(Int128(decimal.coefficient)) { parts, _ in parts * 10 }
    }

    private init(parts: Int128) { self.parts = parts }

    func order(_ other: Fraction) -> Int { parts < other.parts ? -1 : parts == other.parts ? 0 : 1 }

    static func + (left: Fraction, right: Fraction) -> Fraction { Fraction(parts: left.parts + right.parts) }
    static func - (left: Fraction, right: Fraction) -> Fraction { Fraction(parts: left.parts - right.parts) }
    static func * (left: Fraction, right: Fraction) -> Fraction {
        Fraction(parts: left.parts * right.parts / 1_000_000_000_000)
    }

    var text: String {
        let digits = String(parts.magnitude)
        let padded = String(repeating: "0", count: max(0, 13 - digits.count)) + digits
        let fraction = String(padded.suffix(12).reversed().drop { $0 == "0" }.reversed())
        return (parts < 0 ? "-" : "") + padded.dropLast(12) + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
