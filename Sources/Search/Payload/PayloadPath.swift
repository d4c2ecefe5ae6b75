import Core

/// Where in a payload the values of a field stand, in Qdrant's language: `price`, `address.city`, `offers[].price`,
/// `tags[0]`, `"a key with spaces".name`.
public struct PayloadPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        case everyElement
    }

    /// How many bytes a path has at most.
    public static let lengthLimit = 1024

    let steps: [Step]

    /// Reads a path.
    ///
    /// - throws: ``Failure`` `invalid_request`, which names the pointer.
    public init(_ text: String, at pointer: String = "") throws {
        guard let path = PayloadPath(parsing: text) else { throw Failure.invalid(at: pointer, Self.remedy) }
        self = path
    }

    /// What a path looks like.
    public static let remedy = """
        A path of a payload is expected: names of letters, digits, _ and - or in double quotes, joined by points, each \
        with [] or [0] after it where elements of an array are meant; for example address.city, offers[].price, tags[0].
        """

    /// The path of a member of the payload itself.
    public init(name: String) { steps = [.member(name)] }

    init(steps: [Step]) { self.steps = steps }

    init?(parsing text: String) {
        guard text.utf8.count <= Self.lengthLimit else { return nil }
        var rest = text[...]
        var steps: [Step] = []
        while true {
            guard let name = Self.takeName(&rest) else { return nil }
            steps.append(.member(name))
            while rest.first == "[" {
                guard let step = Self.takeBrackets(&rest) else { return nil }
                steps.append(step)
            }
            if rest.isEmpty { break }
            guard rest.removeFirst() == "." else { return nil }
        }
        self.steps = steps
    }

    private static func takeName(_ rest: inout Substring) -> String? {
        if rest.first == "\"" {
            let inner = rest.dropFirst()
            guard let end = inner.firstIndex(of: "\"") else { return nil }
            defer { rest = inner[inner.index(after: end)...] }
            return String(inner[..<end])
        }
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        guard !name.isEmpty else { return nil }
        rest = rest[name.endIndex...]
        return String(name)
    }

    private static func takeBrackets(_ rest: inout Substring) -> Step? {
        let inner = rest.dropFirst()
        guard let end = inner.firstIndex(of: "]") else { return nil }
        let digits = inner[..<end]
        rest = inner[inner.index(after: end)...]
        if digits.isEmpty { return .everyElement }
        guard digits.allSatisfy({ ("0"..."9").contains($0) }), let index = UInt64(digits) else { return nil }
        return .element(Int(clamping: index))
    }

    /// The path of a nested filter's key: `offers` and `offers[]` mean the same array.
    var ofArray: PayloadPath {
        steps.last == .everyElement && steps.count > 1 ? PayloadPath(steps: steps.dropLast()) : self
    }

    /// The path of a field within the elements of the array at this path.
    func ofElements(_ inner: PayloadPath) -> PayloadPath {
        PayloadPath(steps: ofArray.steps + [.everyElement] + inner.steps)
    }
}

extension PayloadPath {
    /// Whether any value at the path passes a test. Arrays at the end of the path count as one value.
    @inline(__always)
    func anyWhole(in payload: JSONObject, _ test: (JSONValue) -> Bool) -> Bool {
        any(at: 0, in: .object(payload), test)
    }

    /// Whether any value at the path passes a test. An array at the end of the path stands for its elements.
    @inline(__always)
    func anyElement(in payload: JSONObject, _ test: (JSONValue) -> Bool) -> Bool {
        any(at: 0, in: .object(payload)) { value in
            guard case .array(let elements) = value else { return test(value) }
            return elements.contains(where: test)
        }
    }

    /// Calls the closure with each value at the path. An array at the end of the path stands for its elements.
    func forEachElement(in payload: JSONObject, _ body: (JSONValue) -> Void) {
        _ = anyElement(in: payload) { value in
            body(value)
            return false
        }
    }

    private func any(at index: Int, in value: JSONValue, _ test: (JSONValue) -> Bool) -> Bool {
        guard index < steps.count else { return test(value) }
        switch (steps[index], value) {
        case (.member(let name), .object(let object)):
            guard let member = object[name] else { return false }
            return any(at: index + 1, in: member, test)
        case (.element(let place), .array(let elements)):
            return place < elements.count && any(at: index + 1, in: elements[place], test)
        case (.everyElement, .array(let elements)):
            return elements.contains { any(at: index + 1, in: $0, test) }
        default: return false
        }
    }
}

extension PayloadPath: CustomStringConvertible {
    /// The path as it is written.
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .member(let name):
                if !text.isEmpty { text += "." }
                let isPlain = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                text += isPlain ? name : "\"\(name)\""
            case .element(let index): text += "[\(index)]"
            case .everyElement: text += "[]"
            }
        }
        return text
    }
}
