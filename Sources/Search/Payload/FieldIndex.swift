import Core

/// A text that is compared as a whole. A UUID in its usual form takes less memory as one.
enum Keyword: Sendable, Hashable {
    case uuid(Identifier)
    case text(ExactText)

    init(_ text: String, asUUID: Bool) {
        // Only the form that is written again the same way: texts are compared byte by byte.
        if asUUID, let uuid = Identifier(text), ExactText.areSame(uuid.description, text) {
            self = .uuid(uuid)
        } else {
            self = .text(ExactText(text))
        }
    }

    var text: String {
        switch self {
        case .uuid(let uuid): uuid.description
        case .text(let text): text.text
        }
    }
}

/// The index of one field.
struct FieldIndex: Sendable {
    let field: PayloadField
    private(set) var keywords = ValueIndex<Keyword>()
    private(set) var integers = ValueIndex<Int64>()
    private(set) var flags = ValueIndex<Bool>()
    private(set) var numbers: NumberColumn
    private(set) var places = SlotColumn<GeoPoint>()
    private(set) var words = WordIndex()
    /// The slots that are not empty: with something else than null or an empty array.
    private(set) var filled = SlotSet()
    /// The slots with null, by itself or in an array.
    private(set) var nulls = SlotSet()
    /// The slots with a value, not null, of another kind than the index.
    private(set) var others = SlotSet()
    /// The slots with a number that has no place in ``numbers``.
    private(set) var otherNumbers = SlotSet()

    init(_ field: PayloadField) {
        self.field = field
        numbers = NumberColumn(hasFloats: field.kind == .float)
    }

    /// Takes in the payload of a slot, or forgets the slot.
    mutating func set(_ payload: JSONObject?, at slot: UInt32) {
        var values = FieldValues(field)
        if let payload { values.read(payload) }
        switch field.kind {
        case .keyword, .uuid: keywords.set(values.keywords, at: slot)
        case .bool: flags.set(values.flags, at: slot)
        case .geo: places.set(values.places, at: slot)
        case .text: words.set(values.texts, at: slot)
        case .float, .datetime: numbers.set(Array(values.numbers), at: slot)
        case .integer:
            if field.isLookedUp { integers.set(values.integers, at: slot) }
            if field.isRanged { numbers.set(Array(values.numbers), at: slot) }
        }
        filled.set(slot, values.isFilled)
        nulls.set(slot, values.hasNull)
        others.set(slot, values.hasOther)
        otherNumbers.set(slot, values.hasOtherNumber)
    }

    /// How many slots have a value of the index's kind.
    var count: Int {
        switch field.kind {
        case .keyword, .uuid: keywords.slotCount
        case .bool: flags.slotCount
        case .geo: places.count
        case .text: words.count
        case .float, .datetime: numbers.column.count
        case .integer: field.isLookedUp ? integers.slotCount : numbers.column.count
        }
    }

    /// How many bytes of memory it takes, about. It looks at each distinct value.
    var byteCount: Int {
        let sets = filled.byteCount + nulls.byteCount + others.byteCount + otherNumbers.byteCount
        let values = keywords.byteCount { $0.text.utf8.count > 15 ? 32 + $0.text.utf8.count : 0 }
        let plain = integers.byteCount { _ in 0 } + flags.byteCount { _ in 0 }
        return sets + values + plain + numbers.byteCount + places.byteCount + words.byteCount
    }
}

extension SlotSet {
    fileprivate mutating func set(_ slot: UInt32, _ isMember: Bool) {
        guard contains(slot) != isMember else { return }
        if isMember { insert(slot) } else { remove(slot) }
    }
}

/// The values of a field in one payload, as its index takes them.
struct FieldValues {
    let field: PayloadField
    private(set) var keywords: Set<Keyword> = []
    private(set) var integers: Set<Int64> = []
    private(set) var flags: Set<Bool> = []
    private(set) var numbers: Set<Int64> = []
    private(set) var places: [GeoPoint] = []
    private(set) var texts: [String] = []
    private(set) var isFilled = false
    private(set) var hasNull = false
    private(set) var hasOther = false
    private(set) var hasOtherNumber = false

    init(_ field: PayloadField) { self.field = field }

    mutating func read(_ payload: JSONObject) {
        isFilled = field.path.anyWhole(in: payload) { !$0.isEmptyValue }
        hasNull = field.path.anyWhole(in: payload) { $0.hasNull }
        var elements: [JSONValue] = []
        field.path.forEachElement(in: payload) { elements.append($0) }
        for element in elements { add(element) }
    }

    private mutating func add(_ value: JSONValue) {
        switch (field.kind, value) {
        case (_, .null): break
        case (.keyword, .string(let text)): keywords.insert(Keyword(text, asUUID: false))
        case (.uuid, .string(let text)): keywords.insert(Keyword(text, asUUID: true))
        case (.text, .string(let text)): texts.append(text)
        case (.bool, .bool(let flag)): flags.insert(flag)
        case (.integer, .number(let text)): addInteger(PayloadNumber(text))
        case (.float, .number(let text)): addFloat(PayloadNumber(text))
        case (.datetime, .string(let text)):
            if let moment = PayloadTime.parse(text) { numbers.insert(moment.microseconds) } else { hasOther = true }
        case (.geo, .object):
            if let place = GeoPoint(value) { places.append(place) } else { hasOther = true }
        default: hasOther = true
        }
    }

    private mutating func addInteger(_ number: PayloadNumber) {
        guard case .integer(let integer) = number else {
            hasOther = true
            hasOtherNumber = true
            return
        }
        integers.insert(integer)
        numbers.insert(integer)
        // The column has no place for the least one: it stands for none.
        if integer.isNone { hasOtherNumber = true }
    }

    private mutating func addFloat(_ number: PayloadNumber) {
        switch number {
        case .float(let float): numbers.insert(OrderKey.of(float))
        case .integer(let integer):
            if let float = Double(exactly: integer) {
                numbers.insert(OrderKey.of(float))
            } else {
                hasOther = true
                hasOtherNumber = true
            }
        }
    }
}
