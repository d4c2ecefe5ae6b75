import Core

/// What a filter asks of a point.
public indirect enum PayloadCondition: Sendable {
    /// At least one value of a field passes a test.
    case field(PayloadPath, PayloadTest)
    /// The point is one of these.
    case hasID(Set<PointKey>)
    /// The point has a vector of this name.
    case hasVector(String)
    /// At least one object in the array of a field fits a filter by itself. Within it there are no ids and no vectors.
    case nested(PayloadPath, PayloadFilter)
    /// The point fits another filter.
    case filter(PayloadFilter)
    /// The point is in one of the parts into which all points are divided by a hash of their ids.
    case slice(PointSlice)
}

/// What a field's values are asked for.
public enum PayloadTest: Sendable {
    /// A value is this one. Whole numbers are not equal to floats, and texts are compared byte by byte.
    case match(PayloadScalar)
    /// A value is one of these.
    case any(PayloadValues)
    /// A value is neither null nor one of these.
    case except(PayloadValues)
    /// A text has words, in any case and with or without diacritics.
    case text(WordTest)
    /// A text begins with these bytes.
    case prefix([UInt8])
    /// A text has these bytes in it.
    case substring([UInt8])
    /// A number is within bounds.
    case range(NumberRange)
    /// A text is a time within bounds.
    case times(TimeRange)
    /// A place is in an area.
    case within(GeoShape)
    /// There is no value, or whether there is one: null and an empty array are no values.
    case isEmpty(Bool)
    /// A value is null or an array with null in it, or none is.
    case isNull(Bool)
    /// How many elements an array has; another value is one, null and a missing field are none.
    case count(CountRange)
}

/// A value that others are compared with.
public enum PayloadScalar: Sendable, Hashable {
    case text(String)
    case integer(Int64)
    case bool(Bool)

    /// Whether a value is the same.
    @inline(__always)
    func equals(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.text(let own), .string(let text)): ExactText.areSame(own, text)
        case (.integer(let own), .number(let text)): Int64(text) == own
        case (.bool(let own), .bool(let flag)): own == flag
        default: false
        }
    }
}

/// Several values that others are compared with: all texts, or all whole numbers.
public struct PayloadValues: Sendable {
    let texts: Set<ExactText>
    let integers: Set<Int64>

    /// A set of texts.
    public init(_ texts: some Sequence<String>) {
        self.texts = Set(texts.map { ExactText($0) })
        integers = []
    }

    /// A set of whole numbers.
    public init(_ integers: some Sequence<Int64>) {
        texts = []
        self.integers = Set(integers)
    }

    /// Whether a value is one of them.
    func contains(_ value: JSONValue) -> Bool {
        switch value {
        case .string(let text): !texts.isEmpty && texts.contains(ExactText(text))
        case .number(let text): !integers.isEmpty && Int64(text).map(integers.contains) ?? false
        default: false
        }
    }
}

/// Words that a text must have, folded by ``Tokenizer`` as those of the text are.
public struct WordTest: Sendable {
    /// How the words are looked for.
    public enum Mode: Sendable {
        /// Each of them, wherever they stand.
        case all
        /// At least one.
        case any
        /// All of them, one directly after the other.
        case phrase
    }

    let mode: Mode
    let words: [[UInt8]]

    /// Looks for the words of a text. A text without words is found nowhere.
    public init(_ text: String, _ mode: Mode) {
        self.mode = mode
        words = Tokenizer.words(text)
    }

    /// Whether a text has the words.
    func matches(_ text: String) -> Bool {
        guard !words.isEmpty else { return false }
        switch mode {
        case .all: return hasAll(text)
        case .any: return has(text)
        case .phrase: return hasPhrase(Tokenizer.words(text))
        }
    }

    private func hasAll(_ text: String) -> Bool {
        var missing = words
        Tokenizer.forEachWord(text) { word, _ in
            if !missing.isEmpty { missing.removeAll { $0.elementsEqual(word) } }
        }
        return missing.isEmpty
    }

    private func has(_ text: String) -> Bool {
        var isFound = false
        Tokenizer.forEachWord(text) { word, _ in
            isFound = isFound || words.contains { $0.elementsEqual(word) }
        }
        return isFound
    }

    private func hasPhrase(_ text: [[UInt8]]) -> Bool {
        guard text.count >= words.count else { return false }
        return (0...(text.count - words.count)).contains { text[$0..<($0 + words.count)].elementsEqual(words) }
    }
}
