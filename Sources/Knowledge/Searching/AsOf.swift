public import Core

/// Of which moment something is asked: on the axis of the world, and on that of the graph.
public struct AsOf: Sendable, Hashable {
    /// What was so then; nil is whatever the time.
    public var valid: Timestamp?
    /// What was known then; nil is now.
    public var known: Timestamp?

    /// Moments on both axes.
    public init(valid: Timestamp? = nil, known: Timestamp? = nil) {
        self.valid = valid
        self.known = known
    }
}
