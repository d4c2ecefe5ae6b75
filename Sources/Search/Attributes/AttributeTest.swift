public import Core

/// What an attribute is asked for. Of a list one element that passes is enough; null is no value, alone or in a list.
public struct AttributeTest: Sendable {
    /// How many bytes the name of an attribute may have that can be asked for.
    public static let nameBytes = 255

    /// The name of the attribute.
    public let name: String
    /// Within which bounds a value passes.
    public let ranges: [Range<AttributeValue>]
    /// Whether a value is to pass, or none.
    public let isExpected: Bool
    /// The only value that passes, if there is no more than one.
    let only: AttributeValue?

    private init(
        _ name: String, _ ranges: [Range<AttributeValue>], isExpected: Bool = true, only: AttributeValue? = nil
    ) {
        self.name = name
        self.ranges = ranges
        self.isExpected = isExpected
        self.only = only
    }

    /// Whether there is a value at all.
    public static func known(_ name: String, _ isKnown: Bool) -> AttributeTest {
        AttributeTest(name, [AttributeValue.all], isExpected: isKnown)
    }

    /// A value is this one.
    public static func equal(_ name: String, to value: AttributeValue) -> AttributeTest {
        AttributeTest(name, [value..<value.next], only: value)
    }

    /// A value is another one than this, of whichever kind.
    public static func different(_ name: String, from value: AttributeValue) -> AttributeTest {
        let all = AttributeValue.all
        return AttributeTest(name, [all.lowerBound..<value, value.next..<all.upperBound])
    }

    /// A value comes before this one, and is of its kind.
    ///
    /// - parameter included: whether it may be this one.
    public static func less(_ name: String, than value: AttributeValue, orEqual included: Bool) -> AttributeTest {
        AttributeTest(name, [value.alike.lowerBound..<(included ? value.next : value)])
    }

    /// A value comes after this one, and is of its kind.
    ///
    /// - parameter included: whether it may be this one.
    public static func greater(_ name: String, than value: AttributeValue, orEqual included: Bool) -> AttributeTest {
        AttributeTest(name, [(included ? value : value.next)..<value.alike.upperBound])
    }

    func passes(_ value: AttributeValue) -> Bool { ranges.contains { $0.contains(value) } }
}

/// An attribute with one of its values.
public struct AttributeKey: Sendable, Hashable {
    let name: ExactText
    let value: AttributeValue

    init(_ name: ExactText, _ value: AttributeValue) {
        self.name = name
        self.value = value
    }

    /// The attributes of an object with each of their values. Those whose names are too long to be asked for are left
    /// out.
    public static func all(of attributes: JSONObject) -> Set<AttributeKey> {
        var keys: Set<AttributeKey> = []
        for member in attributes.members where member.name.utf8.count <= AttributeTest.nameBytes {
            let name = ExactText(member.name)
            var values = [member.value]
            if case .array(let elements) = member.value { values = elements }
            for value in values { if let value = AttributeValue(value) { keys.insert(AttributeKey(name, value)) } }
        }
        return keys
    }

    /// All of it as one text, in the order of the values among those of a name.
    public var text: String { Self.text(name.text, value) }

    /// The text of an attribute with a value, or with a bound of some.
    public static func text(_ name: String, _ value: AttributeValue) -> String {
        // With the length before it no name begins like another one with a value.
        "\(name.utf8.count):\(name)\(value.text)"
    }
}
