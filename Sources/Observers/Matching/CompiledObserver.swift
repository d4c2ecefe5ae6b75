import ChangeLog
import Core
import Expressions

/// An observer ready for work: its condition parsed.
struct CompiledObserver: Sendable {
    var observer: Observer
    /// Nil matches always.
    let condition: Condition?

    init(_ observer: Observer) throws {
        self.observer = observer
        condition = try observer.definition.condition.map { try Condition(parsing: $0) }
    }

    var number: Int64 { observer.number }
    var definition: ObserverDefinition { observer.definition }

    /// Whether it watches for changes like this one, whatever its condition says.
    func watches(_ change: Change) -> Bool {
        definition.operations.contains(change.operation) && change.position > observer.startedAfter
    }

    /// What its condition says of an event.
    func outcome(_ document: EventDocument, now: Timestamp) -> ConditionOutcome {
        guard let condition else { return .matches }
        var set = ConditionSet([condition])
        set.load(document, now: now)
        return set.outcome(of: 0)
    }

    /// The actions that have deliveries. The server's own index follows the log by itself.
    var deliveredActions: [ActionDefinition] {
        definition.actions.filter { ($0.content as? SearchAction)?.isBuiltIn != true }
    }
}
