/// What a graph is made of.
public enum ElementKind: String, Sendable, CaseIterable {
    /// A thing that something is known of.
    case node
    /// A fact that relates two nodes.
    case edge
    /// What somebody said or wrote: where facts come from.
    case episode

    /// What it is called in the change log.
    public var entityType: String { "graph_" + rawValue }

    init?(entityType: String) {
        guard let kind = Self.allCases.first(where: { $0.entityType == entityType }) else { return nil }
        self = kind
    }
}
