public import Core

/// The graph of a tenant at the moment when somebody began to read.
public struct PresentGraph: Sendable {
    let owner: TenantGraph
    let graph: GraphSnapshot
    /// How often the graph had been changed.
    let changeCount: Int
    /// Whether what follows from the graph as a whole is of the graph as it is.
    let isAnalysed: Bool

    init(of owner: TenantGraph, _ graph: GraphSnapshot, changeCount: Int, isAnalysed: Bool) {
        self.owner = owner
        self.graph = graph
        self.changeCount = changeCount
        self.isAnalysed = isAnalysed
    }
}

/// The graph of a tenant as it was at a moment: as it was known long ago, or as it was when a request began, so that
/// everything that the request asks is answered of one moment.
public struct PastGraph: Sendable {
    /// The moment long ago; nil when a request began.
    public let moment: Timestamp?
    let graph: GraphSnapshot
    /// How often the graph had been changed that this was made of: its vectors are those of then.
    let changeCount: Int
    /// Whether what follows from the graph as a whole is of the graph that this was made of.
    let isAnalysed: Bool

    /// - parameter changed: all elements that were known at the moment and have changed or gone since, as they were.
    init(_ moment: Timestamp, of present: PresentGraph, _ changed: [StoredElement]) throws {
        var graph = present.graph
        try graph.revert(to: moment, changed)
        self.moment = moment
        self.graph = graph
        changeCount = present.changeCount
        isAnalysed = present.isAnalysed
    }

    /// The graph of a moment long ago as the tables have it.
    init(_ moment: Timestamp, _ graph: GraphSnapshot) {
        self.moment = moment
        self.graph = graph
        changeCount = 0
        isAnalysed = false
    }

    /// The graph as it is when a request begins.
    public init(_ present: PresentGraph) {
        moment = nil
        graph = present.graph
        changeCount = present.changeCount
        isAnalysed = present.isAnalysed
    }
}
