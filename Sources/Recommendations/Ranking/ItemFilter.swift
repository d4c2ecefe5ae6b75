import Core
import Expressions
import Synchronization

/// Which items of a catalogue a condition holds of. Each is asked once, and again when it has changed.
final class ItemFilter: Sendable {
    private struct State {
        var conditions: ConditionSet
        var answers: [Answer] = []
    }

    /// What was found of an item, as it was in a version.
    private struct Answer {
        var version: UInt64 = 0
        var holds = false
    }

    private let state: Mutex<State>

    init(_ condition: Condition) { state = Mutex(State(conditions: ConditionSet([condition]))) }

    /// Whether the condition holds of an item. Where it has no answer, such as for an item without the attribute, it
    /// does not.
    func holds(of slot: Int32, in catalog: Catalog, now: Timestamp) -> Bool {
        let entry = catalog[slot]
        return state.withLock { state in
            if state.answers.count <= Int(slot) {
                state.answers += Array(repeating: Answer(), count: catalog.count - state.answers.count)
            }
            // Requests that hold an older catalogue may have asked of what the item was.
            if state.answers[Int(slot)].version != entry.version {
                state.answers[Int(slot)] = Answer(
                    version: entry.version, holds: Self.ask(&state.conditions, entry, now))
            }
            return state.answers[Int(slot)].holds
        }
    }

    private static func ask(_ conditions: inout ConditionSet, _ entry: Catalog.Entry, _ now: Timestamp) -> Bool {
        guard let attributes = entry.attributes else { return false }
        conditions.load(
            EventDocument(
                id: entry.key.id, position: 0, entityType: entry.key.type, entityID: entry.key.id,
                operation: "insert", time: now, actor: "", after: attributes), now: now)
        return conditions.outcome(of: 0) == .matches
    }
}

/// The filters that were asked for lately.
final class ItemFilters: Sendable {
    /// How many are remembered.
    private static let limit = 32

    private let filters = Mutex<[(text: String, filter: ItemFilter)]>([])

    /// The filter of a condition.
    func filter(_ condition: Condition) -> ItemFilter {
        filters.withLock { filters in
            if let index = filters.firstIndex(where: { $0.text == condition.text }) {
                let found = filters.remove(at: index)
                filters.append(found)
                return found.filter
            }
            // What asks for the time is another question each time.
            let filter = ItemFilter(condition)
            if !condition.asksForCircumstances { filters.append((condition.text, filter)) }
            if filters.count > Self.limit { filters.removeFirst() }
            return filter
        }
    }
}
