/// What an index says to a filter.
public struct PayloadPlan: Sendable {
    /// Slots among which all matches are: exactly the matches when there is no ``residual``.
    public let nodes: NodeSet
    /// How many slots those are.
    public let count: Int
    /// What must still be asked of the payload of each slot; nil when nothing.
    public let residual: PayloadFilter?

    /// Whether the slots are exactly the matches.
    public var isExact: Bool { residual == nil }

    init(nodes: NodeSet, count: Int, residual: PayloadFilter?) {
        self.nodes = nodes
        self.count = count
        self.residual = residual
    }
}

/// What knows where the points of a collection are.
public protocol PointDirectory {
    /// The slot of a point, or nil when there is none.
    func slot(of key: PointKey) -> UInt32?
    /// The slots whose points have a vector of this name; nil when that is not known, and payloads are asked then.
    func slots(havingVector name: String) -> NodeSet?
}
