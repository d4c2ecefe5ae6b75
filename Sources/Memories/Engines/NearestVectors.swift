import Core
import Search

/// What finds the nearest vectors of one name in a collection, by the slots of their points: the index of this server
/// (``VectorIndex``), or an engine beside it (``EngineVectors``).
protocol NearestVectors: AnyObject, Sendable {
    /// How many vectors there are.
    var count: Int { get }

    /// How many writes are not in the graph yet.
    var unlinkedCount: Int { get }

    /// Whether a search waits for another program.
    var isElsewhere: Bool { get }

    /// Whether the point at a slot has a vector.
    func contains(_ slot: UInt32) -> Bool

    /// Takes over the vector of a point.
    func set(_ vector: [Float], label: UInt32) throws

    /// Takes the vector of a point out.
    @discardableResult
    func remove(_ label: UInt32) -> Bool

    /// The nearest, the nearest first. There are `k` of them when so many may be found.
    func search(_ search: VectorSearch, of points: SlotDirectory) throws -> [VectorHit]

    /// Those with the greatest values of a function of their vectors, the greatest first.
    func best(
        _ k: Int, among allowed: NodeSet?, of points: SlotDirectory, scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit]

    /// The part of what a search should find that it finds, from 0 to 1; nil where that would say nothing.
    func checkedRecall(of search: VectorSearch, of points: SlotDirectory) throws -> Double?
}

/// The points of a collection and their slots, while a search runs.
struct SlotDirectory {
    /// The point at a slot, or nil when it is gone.
    let key: (UInt32) -> PointKey?
    /// The slot of a point, or nil when it is gone.
    let slot: (PointKey) -> UInt32?
    /// Reads vectors from the table by slots.
    let vectors: VectorSource
}

extension VectorIndex: NearestVectors {
    var isElsewhere: Bool { false }

    func search(_ search: VectorSearch, of points: SlotDirectory) throws -> [VectorHit] {
        try self.search(search, reading: points.vectors)
    }

    func best(
        _ k: Int, among allowed: NodeSet?, of points: SlotDirectory, scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit] {
        try best(k, among: allowed, reading: points.vectors, scoring: scoring)
    }

    func checkedRecall(of search: VectorSearch, of _: SlotDirectory) throws -> Double? {
        // Without a graph every vector is compared, and without vectors in memory a comparison would read them all.
        guard count >= parameters.exactBelow, !parameters.isOnDisk, unfilledCount == 0 else { return nil }
        return try recall(of: search)
    }
}
