import ChangeLog
import Core
import Expressions

/// An observer ready for work: its condition compiled. It is shared by reference, since it goes with each event that it
/// matches.
final class CompiledObserver: Sendable {
    let observer: Observer
    /// Nil matches always.
    let condition: Condition?
    /// The condition by itself, for where it is not asked together with those of others. Each event has a copy.
    private let conditionSet: ConditionSet?

    init(_ observer: Observer) throws {
        self.observer = observer
        condition = try observer.definition.condition.map { try Condition(parsing: $0) }
        conditionSet = condition.map { ConditionSet([$0]) }
    }

    /// The same for a replay, which is for what happened before it was made too.
    init(replaying compiled: CompiledObserver) {
        var observer = compiled.observer
        observer.startedAfter = .start
        self.observer = observer
        condition = compiled.condition
        conditionSet = compiled.conditionSet
    }

    var number: Int64 { observer.number }
    var definition: ObserverDefinition { observer.definition }

    /// Whether it watches for changes like this one, whatever its condition says.
    func watches(_ change: Change) -> Bool {
        definition.operations.contains(change.operation) && change.position > observer.startedAfter
    }

    /// What its condition says of an event.
    func outcome(_ document: EventDocument, now: Timestamp) -> ConditionOutcome {
        guard var set = conditionSet else { return .matches }
        set.load(document, now: now)
        return set.outcome(of: 0)
    }
}
