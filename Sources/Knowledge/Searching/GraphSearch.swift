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
    /// The least score that an element is to have.
    public var minimumScore = 0.0

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
}
