/// What is looked for in an index of vectors.
public struct VectorSearch: Sendable {
    /// What is to be near.
    public var vector: [Float]
    /// How many are wanted at most.
    public var k: Int
    /// How many candidates are kept while searching, or nil for what the index was made with.
    public var breadth: Int?
    /// Whether all vectors are compared, so that nothing near can be missed.
    public var isExact: Bool
    /// The labels that may be found, or nil for all.
    public var allowed: NodeSet?
    /// How many labels are allowed, where the caller knows it.
    public var allowedCount: Int?
    /// The worst score that may be found.
    public var scoreThreshold: Float?

    /// A search for the `k` nearest.
    public init(
        _ vector: [Float], k: Int, breadth: Int? = nil, isExact: Bool = false, among allowed: NodeSet? = nil,
        allowedCount: Int? = nil, scoreThreshold: Float? = nil
    ) {
        self.vector = vector
        self.k = k
        self.breadth = breadth
        self.isExact = isExact
        self.allowed = allowed
        self.allowedCount = allowedCount
        self.scoreThreshold = scoreThreshold
    }
}

/// A vector that was found.
public struct VectorHit: Sendable, Equatable {
    /// The label under which it is stored.
    public let label: UInt32
    /// Its score by the metric.
    public let score: Float

    /// A vector with its score.
    public init(label: UInt32, score: Float) {
        self.label = label
        self.score = score
    }
}

/// Reads vectors from the owner's table, as ``VectorMetric/prepare(_:dimensions:at:)`` has made them, by their labels.
/// Labels that are gone are left out.
public typealias VectorSource = (_ labels: [UInt32]) throws -> [UInt32: [Float]]

/// The memory that an index takes up, in bytes.
public struct VectorIndexBytes: Sendable, Equatable {
    public let codes: Int
    public let links: Int
    public let vectors: Int

    /// The sum of all.
    public var total: Int { codes + links + vectors }
}
