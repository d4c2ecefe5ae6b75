public import Core

/// What a condition says of an event.
public enum ConditionOutcome: Sendable, Equatable {
    /// It holds.
    case matches
    /// It does not hold.
    case differs
    /// It has no answer for this event.
    case failed(ConditionFailure)
}

/// Many conditions that are evaluated together: each image of an event is gone through once, for the fields of all.
///
///     var set = ConditionSet([paid, shipped])
///     set.load(event, now: time.now())
///     let isPaid = set.outcome(of: 0)
///
/// It keeps memory from event to event, so each thread has a copy of its own.
public struct ConditionSet: Sendable {
    private let conditions: [Condition]
    private var machine: ConditionMachine

    /// Compiles conditions, which are known by their place in the list from then on.
    public init(_ conditions: [Condition]) {
        self.conditions = conditions
        machine = ConditionMachine(Program(conditions.enumerated().map { ($0.element.expression, $0.offset) }))
    }

    /// How many conditions there are.
    public var count: Int { conditions.count }

    /// Takes an event. That costs next to nothing: images are read when a condition first asks for a field of theirs.
    ///
    /// - parameter now: what the function `now()` answers.
    public mutating func load(_ event: EventDocument, now: Timestamp) {
        machine.load(event, now: now)
    }

    /// What a condition says of the event that was loaded.
    public mutating func outcome(of index: Int) -> ConditionOutcome {
        do {
            return try machine.truth(machine.program.roots[index]) ? .matches : .differs
        } catch {
            let origin = machine.program.origins[error.instruction]
            return .failed(ConditionFailure(error.reason, at: origin.place, in: conditions[index].source))
        }
    }
}
