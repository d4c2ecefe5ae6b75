/// What a graph is made for, with the names of Malkov and Yashunin.
public struct HNSWParameters: Sendable, Equatable {
    /// How many components a vector has at most. The squares of the differences of so many codes fit into 32 bits.
    public static let dimensionLimit = 32_768

    /// How many components each vector has.
    public let dimensions: Int
    /// What is near.
    public let metric: VectorMetric
    /// How many neighbours a new node is linked to (M). At level 0 a node has twice as many at most.
    public let m: Int
    /// How many candidates the neighbours of a new node are chosen from (efConstruction).
    public let efConstruction: Int
    /// Where the sequence of random levels begins.
    public let seed: UInt64

    /// Parameters of a graph; what is out of bounds is brought within them.
    public init(
        dimensions: Int, metric: VectorMetric, m: Int = 16, efConstruction: Int = 100, seed: UInt64 = 0x4D69_6C6C
    ) {
        self.dimensions = min(max(dimensions, 1), Self.dimensionLimit)
        self.metric = metric
        self.m = min(max(m, 2), 256)
        self.efConstruction = max(efConstruction, self.m)
        self.seed = seed
    }

    /// How many slots the list of a node has at level 0.
    var groundCapacity: Int { 2 * m }
}
