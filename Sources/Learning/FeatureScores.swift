/// The scores of candidates by several features, summed up one after the other.
///
/// There is a number for every item, and a row of scores for each candidate. The rows stand one after the other in the
/// order of the candidates, so that a few hundred candidates of a hundred thousand items stay within the caches of a
/// processor, and who is done with it pays for those alone.
final class FeatureScores: @unchecked Sendable {
    let features: Int
    private(set) var candidates: [Int32] = []
    /// How like items are by what is known of them, for those who work that out. It is empty before and afterwards.
    var likeness: ScoreAccumulator
    /// Which row each item has; 0 is that of all items that are no candidates.
    private let rowNumbers: UnsafeMutablePointer<Int32>
    private var rows: UnsafeMutablePointer<Float>
    /// For how many rows there is room.
    private var capacity = 256

    init(itemCount: Int, features: Int) {
        self.features = features
        rowNumbers = .allocate(capacity: max(1, itemCount))
        rowNumbers.initialize(repeating: 0, count: itemCount)
        rows = .allocate(capacity: capacity * features)
        rows.initialize(repeating: 0, count: features)
        likeness = ScoreAccumulator(itemCount: itemCount)
    }

    deinit {
        rowNumbers.deallocate()
        rows.deallocate()
    }

    /// The scores of an item, all 0 when it is no candidate: to be read until the next candidate comes.
    @inline(__always)
    subscript(item: Int32) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: row(of: item), count: features)
    }

    @inline(__always)
    private func row(of item: Int32) -> UnsafeMutablePointer<Float> { rows + Int(rowNumbers[Int(item)]) * features }

    /// Makes an item a candidate.
    @inline(__always)
    func insert(_ item: Int32) {
        guard rowNumbers[Int(item)] == 0 else { return }
        candidates.append(item)
        rowNumbers[Int(item)] = Int32(candidates.count)
        if candidates.count == capacity { grow() }
        row(of: item).initialize(repeating: 0, count: features)
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Float>.allocate(capacity: 2 * capacity * features)
        larger.moveInitialize(from: rows, count: capacity * features)
        rows.deallocate()
        rows = larger
        capacity *= 2
    }

    /// Adds the neighbours of an item to the scores of some features, for each with how much the item counts there.
    func add(_ table: NeighborTable, of item: Int32, weights: [(feature: Int, weight: Float)]) {
        table.forEachNeighbor(of: item) { neighbor, strength in
            insert(neighbor)
            let target = row(of: neighbor)
            for (feature, weight) in weights { target[feature] += strength * weight }
        }
    }

    /// Writes a score of each candidate.
    @inline(__always)
    func fill(_ feature: Int, with score: (Int32) -> Float) {
        var target = rows + features + feature
        for item in candidates {
            target.pointee = score(item)
            target += features
        }
    }

    /// Replaces the scores of a feature by their roots, and those below 0 by 0.
    func takeRoots(_ feature: Int) {
        fill(feature) { max(0, self[$0][feature]).squareRoot() }
    }

    /// Takes all scores away.
    func clear() {
        for item in candidates { rowNumbers[Int(item)] = 0 }
        candidates.removeAll(keepingCapacity: true)
    }
}
