/// What is looked for in a graph.
public struct GraphSearch: Sendable {
    /// How many elements of a kind one search finds at most.
    public static let limits: ClosedRange<Int64> = 1...1_000

    /// The words.
    public var query: String
    /// The vector; nil where there is none.
    public var embedding: [Float]?
    /// How many elements of each kind are wanted.
    public var limit = 10
    /// Which elements may be found.
    public var filters = GraphFilters()
    /// The ids of the nodes that edges are followed from; those of what is found otherwise when there are none.
    public var origins: [String] = []
    /// The id of the node from which distances are counted.
    public var center: String?
    /// The least score that an element is to have. Without one none is too low: what is found may score below zero by
    /// its likeness to what stands before it, or by a model.
    public var minimumScore: Double?

    /// Whether the communities of nodes are wanted: the limit is how many, and of each the best nodes are found
    /// (``nodesOfCommunity``).
    public var isForCommunities = false

    /// How many nodes of a community are found at most where communities are wanted.
    static let nodesOfCommunity = 10

    /// How many elements are found at most.
    var hitLimit: Int { isForCommunities ? Self.nodesOfCommunity * limit : limit }

    /// A search for words.
    public init(_ query: String) { self.query = query }
}

/// An element that was found.
public struct GraphHit: Sendable {
    /// That a method found it.
    public struct Finding: Sendable, Equatable {
        /// The method.
        public let method: SearchMethod
        /// Its place among all that the method found, from 1.
        public let rank: Int
        /// What the method scores it: BM25, the cosine, or one over the number of edges that lead there.
        public let score: Double
    }

    /// The id of the element.
    public let id: String
    /// Its score after all methods were brought together.
    public let score: Double
    /// Who found it.
    public let findings: [Finding]
    /// How central a node is in the graph, from 0 to 1, as far as that has been found out.
    public var centrality: Double?
}
