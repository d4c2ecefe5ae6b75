/// What an index says to a condition.
struct Answer {
    /// The slots among which all matches are; nil means all points.
    let source: (any SlotSource)?
    /// Whether those are exactly the matches.
    let isExact: Bool

    /// Exactly these slots.
    static func exactly(_ source: any SlotSource) -> Answer { Answer(source: source, isExact: true) }
    /// These slots and no others, some of which may not match.
    static func among(_ source: any SlotSource) -> Answer { Answer(source: source, isExact: false) }
    /// No slot.
    static var none: Answer { exactly(PostingSource(.none)) }
    /// Nothing can be said.
    static var unknown: Answer { Answer(source: nil, isExact: false) }
}

extension FieldIndex {
    /// Which slots pass a test.
    func answer(_ test: PayloadTest, among live: NodeSource) -> Answer {
        switch test {
        case .isEmpty(let expected): return membership(filled, expected: !expected, among: live)
        case .isNull(let expected): return membership(nulls, expected: expected, among: live)
        case .count(let range): return range.contains(0) ? .unknown : .among(PostingSource(filled))
        default: break
        }
        switch field.kind {
        case .keyword, .uuid: return keywordAnswer(test)
        case .integer: return integerAnswer(test)
        case .float: return floatAnswer(test)
        case .bool:
            guard case .match(.bool(let flag)) = test else { return .unknown }
            return .exactly(PostingSource(flags.slots(of: flag)))
        case .datetime:
            guard case .times(let range) = test else { return .unknown }
            return range.microseconds.map { .exactly(RangeSource(numbers, $0)) } ?? .none
        case .geo:
            guard case .within(let shape) = test else { return .unknown }
            return .exactly(GeoSource(places, shape))
        case .text:
            guard case .text(let wanted) = test else { return .unknown }
            return textAnswer(wanted)
        }
    }

    private func membership(_ slots: SlotSet, expected: Bool, among live: NodeSource) -> Answer {
        let source = PostingSource(slots)
        return .exactly(expected ? source : ComplementSource(source: source, live: live))
    }

    private func keyword(_ text: String) -> Keyword { Keyword(text, asUUID: field.kind == .uuid) }

    private func keywordAnswer(_ test: PayloadTest) -> Answer {
        switch test {
        case .match(.text(let text)): return .exactly(PostingSource(keywords.slots(of: keyword(text))))
        case .any(let values):
            guard values.integers.isEmpty else { return .unknown }
            return .exactly(union(values.texts.map { keywords.slots(of: keyword($0.text)) }))
        case .except(let values):
            guard values.integers.isEmpty else { return .unknown }
            return .exactly(except(keywords, Set(values.texts.map { keyword($0.text) })))
        case .prefix(let prefix):
            return .exactly(KeywordSource(values: keywords, testCost: 50) { ExactText.hasPrefix($0.text, prefix) })
        case .substring(let part):
            return .exactly(KeywordSource(values: keywords, testCost: 100) { ExactText.contains($0.text, part) })
        case .text(let wanted):
            return .exactly(KeywordSource(values: keywords, testCost: 300) { wanted.matches($0.text) })
        default: return .unknown
        }
    }

    private func integerAnswer(_ test: PayloadTest) -> Answer {
        switch test {
        case .match(.integer(let value)):
            if field.isLookedUp { return .exactly(PostingSource(integers.slots(of: value))) }
            return field.isRanged && !value.isNone ? .exactly(RangeSource(numbers, value...value)) : .unknown
        case .any(let values):
            guard field.isLookedUp, values.texts.isEmpty else { return .unknown }
            return .exactly(union(values.integers.map { integers.slots(of: $0) }))
        case .except(let values):
            guard field.isLookedUp, values.texts.isEmpty else { return .unknown }
            return .exactly(except(integers, values.integers))
        case .range(let range):
            return field.isRanged ? rangeAnswer(range.integers) : .unknown
        default: return .unknown
        }
    }

    private func floatAnswer(_ test: PayloadTest) -> Answer {
        switch test {
        case .range(let range): return rangeAnswer(range.floats)
        case .match(.integer(let value)):
            // 5 and 5.0 are one in the column, and not in a payload.
            guard let float = Double(exactly: value) else { return .among(PostingSource(otherNumbers)) }
            return .among(RangeSource(numbers, OrderKey.of(float)...OrderKey.of(float)))
        default: return .unknown
        }
    }

    private func rangeAnswer(_ range: ClosedRange<Int64>?) -> Answer {
        let others = PostingSource(otherNumbers)
        guard let range else { return otherNumbers.isEmpty ? .none : .among(others) }
        let source = RangeSource(numbers, range)
        return otherNumbers.isEmpty ? .exactly(source) : .among(UnionSource(sources: [source, others]))
    }

    private func textAnswer(_ wanted: WordTest) -> Answer {
        let sources = wanted.words.map { WordSource(postings: words.postings(of: $0)) }
        guard wanted.mode != .any else { return .exactly(UnionSource(sources: sources)) }
        guard let all = IntersectionSource(sources) else { return .none }
        // Where several texts stand, each may have some of the words and none all of them.
        let isExact = sources.count == 1 || (wanted.mode == .all && words.several.isEmpty)
        return Answer(source: all, isExact: isExact)
    }

    private func union(_ sets: [SlotSet]) -> any SlotSource {
        let found = sets.filter { !$0.isEmpty }
        return found.count == 1 ? PostingSource(found[0]) : UnionSource(sources: found.map { PostingSource($0) })
    }

    private func except<Key>(_ values: ValueIndex<Key>, _ keys: Set<Key>) -> ExceptSource<Key> {
        ExceptSource(values: values, keys: keys, filled: filled, nulls: nulls, others: others)
    }
}
