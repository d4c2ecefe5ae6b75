import Core
import Expressions
import Synchronization

/// Which items of a catalogue something holds of. Each is asked once, and again when it has changed.
final class ItemFilter: Sendable {
    /// What is asked of items.
    enum Question: Sendable {
        /// What holds of their attributes.
        case condition(Condition)
        /// Whether they belong to one of some categories.
        case categories(Set<String>)

        /// Whether it has the same answer as long as an item is the same: what asks for the time does not.
        fileprivate var isLasting: Bool {
            if case .condition(let condition) = self { !condition.asksForCircumstances } else { true }
        }
    }

    private struct State {
        /// Nil where it is not asked for a condition.
        var conditions: ConditionSet?
        var categories: Set<String> = []
        var answers: [Answer] = []
    }

    /// What was found of an item, as it was in a version: both in one number, since there is one for each item.
    private struct Answer {
        private var bits: UInt64 = 0

        /// That of an item that was never written.
        init() {}

        init(version: UInt64, holds: Bool) { bits = version << 1 | (holds ? 1 : 0) }

        var version: UInt64 { bits >> 1 }
        var holds: Bool { bits & 1 == 1 }
    }

    private let state: Mutex<State>
    private let answerCount = Atomic<Int>(0)

    /// How many bytes it takes that the answers are remembered.
    var byteCount: Int { answerCount.load(ordering: .relaxed) * RecommendationSize.filteredItem }

    init(_ question: Question) {
        switch question {
        case .condition(let condition): state = Mutex(State(conditions: ConditionSet([condition])))
        case .categories(let categories): state = Mutex(State(categories: categories))
        }
    }

    /// Whether it holds of an item. Where a condition has no answer, such as for an item without the attribute, it does
    /// not.
    func holds(of slot: Int32, in catalog: Catalog, now: Timestamp) -> Bool {
        let entry = catalog[slot]
        return state.withLock { state in
            if state.answers.count <= Int(slot) {
                state.answers += Array(repeating: Answer(), count: catalog.count - state.answers.count)
                answerCount.store(state.answers.count, ordering: .relaxed)
            }
            // Requests that hold an older catalogue may have asked of what the item was.
            if state.answers[Int(slot)].version != entry.version {
                state.answers[Int(slot)] = Answer(
                    version: entry.version, holds: Self.ask(&state, entry, now))
            }
            return state.answers[Int(slot)].holds
        }
    }

    private static func ask(_ state: inout State, _ entry: Catalog.Entry, _ now: Timestamp) -> Bool {
        guard let attributes = entry.attributes else { return false }
        guard state.conditions != nil else {
            return ItemCategories.contain(anyOf: state.categories, in: attributes)
        }
        // In its place, since a copy would take as long as the question.
        state.conditions?.load(
            EventDocument(
                id: entry.key.id, position: 0, entityType: entry.key.type, entityID: entry.key.id,
                operation: "insert", time: now, actor: "", after: attributes), now: now)
        return state.conditions?.outcome(of: 0) == .matches
    }
}

/// The filters that were asked for lately.
final class ItemFilters: Sendable {
    /// How many are remembered at most.
    private static let limit = 32

    /// How many bytes those may take that are remembered, besides the latest.
    private let byteLimit: Int
    private let filters = Mutex<[(name: Name, filter: ItemFilter)]>([])

    /// What tells a question from others.
    private enum Name: Equatable {
        case condition(String)
        case categories(Set<String>)
    }

    /// None yet.
    init(byteLimit: Int = 64 << 20) { self.byteLimit = byteLimit }

    /// How many bytes they take.
    var byteCount: Int { filters.withLock { Self.byteCount($0) } }

    /// The filter of a question.
    func filter(_ question: ItemFilter.Question) -> ItemFilter {
        let name: Name =
            switch question {
            case .condition(let condition): .condition(condition.text)
            case .categories(let categories): .categories(categories)
            }
        return filters.withLock { filters in
            let known = filters.firstIndex { $0.name == name }.map { filters.remove(at: $0).filter }
            let filter = known ?? ItemFilter(question)
            if question.isLasting { filters.append((name, filter)) }
            forgetOldest(&filters)
            return filter
        }
    }

    /// They grow as they are asked, so what they take is looked at whenever one is wanted.
    private func forgetOldest(_ filters: inout [(name: Name, filter: ItemFilter)]) {
        var bytes = Self.byteCount(filters)
        while filters.count > 1, filters.count > Self.limit || bytes > byteLimit {
            bytes -= filters.removeFirst().filter.byteCount
        }
    }

    private static func byteCount(_ filters: [(name: Name, filter: ItemFilter)]) -> Int {
        filters.reduce(0) { $0 + $1.filter.byteCount }
    }
}
