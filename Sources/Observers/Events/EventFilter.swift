public import Core
import Storage

/// Which events a list shows.
public struct EventFilter: Sendable, Hashable {
    /// Only those of entities of a type.
    public var entityType: String?
    /// Only those of one entity.
    public var entity: Identifier?
    /// Only those of one operation.
    public var operation: String?
    /// Only those with all words of a text.
    public var text: String?
    /// Only those since then.
    public var since: Timestamp?
    /// Only those before then.
    public var until: Timestamp?

    /// All of them.
    public init() {}
}

extension EventFilter {
    /// What must hold of a row of `changes`, named `c`, beside its text.
    var conditions: SQL {
        var conditions: SQL = ""
        if let entityType { conditions += " AND c.entity_type = \(entityType)" }
        if let entity { conditions += " AND c.entity_id = \(entity)" }
        if let operation { conditions += " AND c.operation = \(operation)" }
        if let since { conditions += " AND c.changed_at >= \(since)" }
        if let until { conditions += " AND c.changed_at < \(until)" }
        return conditions
    }
}
