import Search

/// How the elements of one kind are looked for.
public struct SectionSearch: Sendable {
    /// How they are found.
    public var methods: [SearchMethod]
    /// How what the methods have found becomes one ranking.
    public var reranker = Reranker.reciprocalRank
    /// How many edges lead at most from an origin to what is found by them.
    public var depth = 3
    /// Which way edges are followed.
    public var direction = EdgeDirection.both
    /// The least cosine of the angle to the vector that is searched for.
    public var minimumSimilarity: Float = 0.6
    /// The constant of the fusion by ranks.
    public var rankConstant = RankFusion.standardConstant

    /// How much likeness counts against variety, from 0 to 1, where results are to be various.
    public var lambda = 0.5
    /// How much more the most central node counts than one at the very edge.
    public var centralityFactor = 1.0

    /// A search by some methods.
    public init(_ methods: [SearchMethod]) { self.methods = methods }

    /// How many edges are followed at most, whatever is asked.
    public static let depthLimit = 10
}
