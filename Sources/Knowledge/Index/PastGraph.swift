public import Core

/// The graph of a tenant at the moment when somebody began to read.
public struct PresentGraph: Sendable {
    let owner: TenantGraph
    let graph: GraphSnapshot
    /// How often the graph had been changed.
    let changeCount: Int

    init(of owner: TenantGraph, _ graph: GraphSnapshot, changeCount: Int) {
        self.owner = owner
        self.graph = graph
        self.changeCount = changeCount
    }
}

/// The graph of a tenant as it was known at a moment.
public struct PastGraph: Sendable {
    /// The moment.
    public let moment: Timestamp
    let graph: GraphSnapshot
    /// How often the graph had been changed that this was made of: its vectors are those of then.
    let changeCount: Int

    /// - parameter changed: all elements that were known at the moment and have changed or gone since, as they were.
    init(_ moment: Timestamp, of present: PresentGraph, _ changed: [StoredElement]) throws {
        var graph = present.graph
        try graph.revert(to: moment, changed)
        self.moment = moment
        self.graph = graph
        changeCount = present.changeCount
    }
}
