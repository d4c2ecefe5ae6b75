/// Where a value stands in an event.
struct FieldPath: Sendable, Hashable {
    /// What a path starts from.
    enum Root: Sendable, Hashable {
        /// The entity after the change, or before its deletion.
        case data
        /// The entity after the change.
        case new
        /// The entity before the change.
        case old
        /// The element that a function such as `any` looks at.
        case element
        /// The circumstances of the change.
        case event(EventField)
    }

    /// One step down.
    enum Step: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    let root: Root
    let steps: [Step]

    /// Whether it leads to the circumstances of the change, not into the entity.
    var isCircumstance: Bool { if case .event = root { true } else { false } }

    /// The path as a catalogue of fields has it: without its root, and with `[]` in place of an index.
    var name: String {
        steps.reduce(into: "") { name, step in
            switch step {
            case .name(let member): name += name.isEmpty ? member : ".\(member)"
            case .index: name += "[]"
            }
        }
    }
}

/// The circumstances of a change, by the names that follow `event.`.
enum EventField: String, Sendable, CaseIterable {
    case id
    case position
    /// The type of the entity and the operation, as in CloudEvents and in lists: `order.insert`.
    case type
    /// The type of the entity: `order`.
    case entityType = "entity_type"
    case entityID = "entity_id"
    case operation
    case time
    case actor
    case requestID = "request_id"
}
