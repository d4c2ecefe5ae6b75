public import Core

/// Which events a list shows.
public struct EventFilter: Sendable, Hashable {
    /// Only those of entities of a type.
    public var entityType: String?
    /// Only those of one entity.
    public var entity: Identifier?
    /// Only those of one operation.
    public var operation: String?
    /// Only those whose images contain a text, whatever its case.
    public var text: String?
    /// Only those since then.
    public var since: Timestamp?
    /// Only those before then.
    public var until: Timestamp?

    /// All of them.
    public init() {}
}
