/// How many nodes an edge of a relation may relate to each other at one time.
public enum Cardinality: String, Sendable, CaseIterable {
    /// Any number on both sides.
    case manyToMany = "many_to_many"
    /// A source has one target at a time: somebody works at one place.
    case manyToOne = "many_to_one"
    /// A target has one source at a time: a company has one parent.
    case oneToMany = "one_to_many"
    /// A source has one target at a time, and a target one source: a place has one capital.
    case oneToOne = "one_to_one"

    /// Whether a source has one target at a time.
    public var hasOneTarget: Bool { self == .manyToOne || self == .oneToOne }
    /// Whether a target has one source at a time.
    public var hasOneSource: Bool { self == .oneToMany || self == .oneToOne }

    /// The ends at which a node has one edge at a time.
    var ends: [EdgeKeys.End] { (hasOneTarget ? [.source] : []) + (hasOneSource ? [.target] : []) }
}
