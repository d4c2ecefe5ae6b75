import Core
import TestKit

/// Makes conditions and documents at random, out of so few names and values that they often meet.
struct ReferenceGenerator {
    var random: SeededRandom

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    private static let names = ["a", "b", "a_longer_name", "a_longer_name_too"]
    private static let texts = ["", "x", "xy", "X", "10", "10.0", "9", "äÖ", "-1.5", "01", "1e1", "line"]
    private static let numbers = ["0", "1", "9", "10", "10.0", "-1.5", "0.5", "12.25"]

    /// A value that a document or a condition may have.
    private mutating func scalar() -> JSONValue {
        switch below(8) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2...4: .number(pick(Self.numbers))
        default: .string(pick(Self.texts))
        }
    }

    /// A value of a document, which may be nested.
    mutating func value(depth: Int) -> JSONValue {
        switch depth > 0 ? below(6) : 5 {
        case 0, 1: return object(depth: depth - 1)
        case 2, 3: return .array((0..<below(4)).map { _ in value(depth: depth - 1) })
        default: return scalar()
        }
    }

    /// A document.
    mutating func object(depth: Int) -> JSONValue {
        let names = Self.names.shuffled(using: &random).prefix(below(5))
        return .object(JSONObject(names.map { .init($0, value(depth: depth)) }))
    }

    /// The bytes of a document, with spaces and escapes at random.
    mutating func text(_ value: JSONValue) -> String {
        switch value {
        case .array(let values):
            return "[" + space() + values.map { text($0) }.joined(separator: "," + space()) + space() + "]"
        case .object(let object):
            let members = object.members.map {
                "\(space())\(quoted($0.name))\(space()):\(space())\(text($0.value))\(space())"
            }
            return "{" + members.joined(separator: ",") + space() + "}"
        case .string(let text): return quoted(text)
        case .number(let text): return text
        case .bool(let value): return "\(value)"
        case .null: return "null"
        }
    }

    private mutating func space() -> String { pick(["", "", "", " ", "\n\t", "\r "]) }

    private mutating func quoted(_ text: String) -> String {
        let characters = text.unicodeScalars.map { scalar in
            guard below(12) == 0 else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"\(characters.joined())\""
    }

    private mutating func steps() -> [JSONStep] {
        var steps: [JSONStep] = [.name(pick(Self.names))]
        while below(3) == 0 { steps.append(below(2) == 0 ? .name(pick(Self.names)) : .index(below(3))) }
        return steps
    }

    /// An operand of a comparison.
    private mutating func operand(depth: Int, isInElement: Bool) -> ReferenceCondition {
        switch below(depth > 0 ? 12 : 8) {
        case 0...2: return .literal(scalar())
        case 3: return .path(root: pick(["data", "new", "old"]), steps())
        case 4: return isInElement ? .path(root: "this", []) : .path(root: "", steps())
        case 5...7: return .path(root: "", steps())
        case 8: return .coalesce((0..<2).map { _ in operand(depth: depth - 1, isInElement: isInElement) })
        case 9: return .lower(operand(depth: depth - 1, isInElement: isInElement))
        default:
            return .arithmetic(
                pick(["+", "-", "*"]), operand(depth: 0, isInElement: isInElement),
                operand(depth: 0, isInElement: isInElement))
        }
    }

    /// A condition.
    mutating func condition(depth: Int, isInElement: Bool = false) -> ReferenceCondition {
        let operand = { (generator: inout Self) in generator.operand(depth: depth, isInElement: isInElement) }
        switch below(depth > 0 ? 14 : 8) {
        case 0...2: return .compare(pick(["==", "!=", "<", "<=", ">", ">="]), operand(&self), operand(&self))
        case 3: return .isNull(operand(&self))
        case 4: return .isIn(operand(&self), (0..<1 + below(3)).map { _ in operand(&self) })
        case 5: return .hasField(steps())
        case 6: return below(2) == 0 ? .changed(steps()) : .changedTo(steps(), operand(&self))
        case 7: return below(2) == 0 ? .startsWith(operand(&self), operand(&self)) : .path(root: "", steps())
        case 8, 9: return .and((0..<2 + below(2)).map { _ in condition(depth: depth - 1, isInElement: isInElement) })
        case 10, 11: return .or((0..<2 + below(2)).map { _ in condition(depth: depth - 1, isInElement: isInElement) })
        case 12: return .not(condition(depth: depth - 1, isInElement: isInElement))
        default:
            return .elements(
                pick(["any", "all"]), .path(root: "", steps()), condition(depth: depth - 1, isInElement: true))
        }
    }
}
