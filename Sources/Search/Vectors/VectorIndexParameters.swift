/// What an index of vectors is made for.
public struct VectorIndexParameters: Sendable, Equatable {
    /// The components, the metric and the breadth of the graph.
    public let graph: HNSWParameters
    /// The part of the components of a sample that have codes of their own (``ScalarQuantizer``). Codes are always
    /// used: what is found by them is ranked by the vectors, so they cost no exactness that a wider search does not
    /// bring back, and a graph that goes by vectors takes twice the time.
    public let quantile: Double
    /// Whether only codes and links stand in memory, and vectors are read from the owner's table to rank by them.
    public let isOnDisk: Bool
    /// Below so many vectors there is neither graph nor code: each search looks at all vectors, which are in memory.
    /// Codes are fitted to the first ones, so there must be some.
    public internal(set) var exactBelow: Int
    /// How many candidates a search keeps when it does not say it (ef).
    public let searchBreadth: Int
    /// From so many writes on that the graph does not have yet, the owner should link some before it writes more. Each
    /// search looks at all of them: 10,000 of 1,024 components take it half a millisecond.
    public let unlinkedLimit: Int

    /// Parameters of an index; what is out of bounds is brought within them.
    ///
    /// - parameters:
    ///   - m: how many neighbours a new node is linked to.
    ///   - efConstruction: how many candidates its neighbours are chosen from.
    ///   - exactBelow: at least 256; nil for as many as 10 MB hold, from 1,000 to 20,000.
    ///   - unlinkedLimit: nil for as many as a search looks at in about 5 ms, which are 100 MB of codes, from 20,000 to
    ///     1,000,000. So a load of that size goes as fast as it comes, and is linked afterwards.
    public init(
        dimensions: Int, metric: VectorMetric, m: Int = 16, efConstruction: Int = 100, searchBreadth: Int = 64,
        quantile: Double = ScalarQuantizer.defaultQuantile, isOnDisk: Bool = false, exactBelow: Int? = nil,
        unlinkedLimit: Int? = nil
    ) {
        graph = HNSWParameters(dimensions: dimensions, metric: metric, m: m, efConstruction: efConstruction)
        self.quantile = min(max(quantile, 0.5), 1)
        self.isOnDisk = isOnDisk
        self.exactBelow = max(256, exactBelow ?? min(max(10_000_000 / (4 * graph.dimensions), 1_000), 20_000))
        self.searchBreadth = max(1, searchBreadth)
        self.unlinkedLimit = max(
            1, unlinkedLimit ?? min(max(100_000_000 / graph.dimensions, 20_000), 1_000_000))
    }
}
