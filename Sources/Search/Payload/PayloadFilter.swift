public import Core

/// What points are asked for, in Qdrant's language of filters. A filter without conditions lets every point through.
///
///     let filter = try PayloadFilter(json, at: "/filter")
///     filter.matches(payload: payload, id: .number(7), vectorNames: [""])
///
/// Whatever can be done once is done as a filter is made: paths are parsed, texts are split into words, bounds become
/// numbers. A filter is asked by many threads at once.
public struct PayloadFilter: Sendable {
    /// At least so many of some conditions hold.
    public struct AtLeast: Sendable {
        /// How many, from 1.
        public let count: Int
        /// The conditions.
        public let conditions: [PayloadCondition]

        /// At least `count` of the conditions.
        public init(_ count: Int, of conditions: [PayloadCondition]) {
            self.count = count
            self.conditions = conditions
        }
    }

    /// Each of these holds.
    public var must: [PayloadCondition]
    /// At least one of these holds, if there are any.
    public var should: [PayloadCondition]
    /// None of these holds.
    public var mustNot: [PayloadCondition]
    /// At least so many of these hold.
    public var minShould: AtLeast?

    /// A filter of conditions.
    public init(
        must: [PayloadCondition] = [], should: [PayloadCondition] = [], mustNot: [PayloadCondition] = [],
        minShould: AtLeast? = nil
    ) {
        self.must = must
        self.should = should
        self.mustNot = mustNot
        self.minShould = minShould
    }

    /// Whether it has no conditions, so that every point fits.
    public var isEmpty: Bool { must.isEmpty && should.isEmpty && mustNot.isEmpty && minShould == nil }

    /// Whether it matters which vectors a point has.
    public var asksForVectors: Bool {
        [must, should, mustNot, minShould?.conditions ?? []].contains { $0.contains(where: \.asksForVectors) }
    }
}

extension PayloadCondition {
    fileprivate var asksForVectors: Bool {
        switch self {
        case .hasVector: true
        case .filter(let filter): filter.asksForVectors
        case .field, .hasID, .nested, .slice: false
        }
    }
}

extension PayloadFilter {
    /// Whether a point fits.
    ///
    /// - parameters:
    ///   - payload: the payload of the point.
    ///   - id: the identity of the point.
    ///   - vectorNames: the names of the vectors that the point has; the one without a name is the empty text.
    public func matches(payload: JSONObject, id: PointKey, vectorNames: Set<String> = []) -> Bool {
        matches(PayloadSubject(payload: payload, id: id, vectorNames: vectorNames))
    }

    func matches(_ subject: PayloadSubject) -> Bool {
        guard must.allSatisfy({ $0.matches(subject) }) else { return false }
        guard !mustNot.contains(where: { $0.matches(subject) }) else { return false }
        guard should.isEmpty || should.contains(where: { $0.matches(subject) }) else { return false }
        guard let minShould else { return true }
        var count = 0
        for condition in minShould.conditions where count < minShould.count && condition.matches(subject) { count += 1 }
        return count >= minShould.count
    }
}

/// What is asked: a point, or an object within its payload, which has no id and no vectors.
struct PayloadSubject {
    let payload: JSONObject
    var id: PointKey?
    var vectorNames: Set<String> = []
}

extension PayloadCondition {
    func matches(_ subject: PayloadSubject) -> Bool {
        switch self {
        case .field(let path, let test): test.matches(path, in: subject.payload)
        case .hasID(let keys): subject.id.map(keys.contains) ?? false
        case .hasVector(let name): subject.vectorNames.contains(name)
        case .filter(let filter): filter.matches(subject)
        case .slice(let slice): subject.id.map(slice.contains) ?? false
        case .nested(let path, let filter):
            path.ofArray.anyWhole(in: subject.payload) { value in
                guard case .array(let elements) = value else { return false }
                return elements.contains { element in
                    guard case .object(let object) = element else { return false }
                    return filter.matches(PayloadSubject(payload: object))
                }
            }
        }
    }
}

extension PayloadTest {
    func matches(_ path: PayloadPath, in payload: JSONObject) -> Bool {
        switch self {
        case .isEmpty(let expected): path.anyWhole(in: payload) { !$0.isEmptyValue } != expected
        case .isNull(let expected): path.anyWhole(in: payload) { $0.hasNull } == expected
        case .count(let range): hasCount(range, path, in: payload)
        default: path.anyElement(in: payload) { matches($0) }
        }
    }

    private func hasCount(_ range: CountRange, _ path: PayloadPath, in payload: JSONObject) -> Bool {
        var isThere = false
        let fits = path.anyWhole(in: payload) { value in
            isThere = true
            return range.contains(value.valueCount)
        }
        return fits || (!isThere && range.contains(0))
    }

    /// Whether one value passes. The tests of all values of a field together let none through here.
    func matches(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.match(let scalar), _): scalar.equals(value)
        case (.any(let values), _): values.contains(value)
        case (.except(let values), _): !value.isNull && !values.contains(value)
        case (.text(let words), .string(let text)): words.matches(text)
        case (.prefix(let prefix), .string(let text)): ExactText.hasPrefix(text, prefix)
        case (.substring(let part), .string(let text)): ExactText.contains(text, part)
        case (.range(let range), .number(let text)): range.contains(PayloadNumber(text))
        case (.times(let range), .string(let text)): PayloadTime.parse(text).map(range.contains) ?? false
        case (.within(let shape), .object): GeoPoint(value).map(shape.contains) ?? false
        default: false
        }
    }
}

extension JSONValue {
    /// Whether there is nothing: null or an array without elements.
    var isEmptyValue: Bool {
        switch self {
        case .null: true
        case .array(let elements): elements.isEmpty
        default: false
        }
    }

    /// Whether it is null, or an array with null in it.
    var hasNull: Bool {
        switch self {
        case .null: true
        case .array(let elements): elements.contains { $0.isNull }
        default: false
        }
    }

    /// How many values it is.
    var valueCount: Int {
        switch self {
        case .null: 0
        case .array(let elements): elements.count
        default: 1
        }
    }

    /// Whether it is null. Comparing with `==` would compare whole trees.
    var isNull: Bool {
        if case .null = self { true } else { false }
    }
}

extension PayloadFilter {
    /// A filter with the clauses of two, as Qdrant gives it to the queries that fetch for another one: the alternatives
    /// of both become alternatives of each other.
    public static func merged(_ outer: PayloadFilter?, _ inner: PayloadFilter?) -> PayloadFilter? {
        guard let outer, let inner else { return outer ?? inner }
        var minShould = outer.minShould ?? inner.minShould
        if let first = outer.minShould, let second = inner.minShould {
            minShould = AtLeast(max(first.count, second.count), of: first.conditions + second.conditions)
        }
        return PayloadFilter(
            must: outer.must + inner.must, should: outer.should + inner.should, mustNot: outer.mustNot + inner.mustNot,
            minShould: minShould)
    }
}
