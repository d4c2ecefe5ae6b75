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

    /// What was found of an item, as it was in a version.
    private struct Answer {
        var version: UInt64 = 0
        var holds = false
    }

    private let state: Mutex<State>

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
    /// How many are remembered.
    private static let limit = 32

    private let filters = Mutex<[(name: Name, filter: ItemFilter)]>([])

    /// What tells a question from others.
    private enum Name: Equatable {
        case condition(String)
        case categories(Set<String>)
    }

    /// The filter of a question.
    func filter(_ question: ItemFilter.Question) -> ItemFilter {
        let name: Name =
            switch question {
            case .condition(let condition): .condition(condition.text)
            case .categories(let categories): .categories(categories)
            }
        return filters.withLock { filters in
            if let index = filters.firstIndex(where: { $0.name == name }) {
                let found = filters.remove(at: index)
                filters.append(found)
                return found.filter
            }
            let filter = ItemFilter(question)
            if question.isLasting { filters.append((name, filter)) }
            if filters.count > Self.limit { filters.removeFirst() }
            return filter
        }
    }
}
