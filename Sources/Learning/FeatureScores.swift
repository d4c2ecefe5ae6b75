/// The scores of candidates by several features, summed up one after the other: memory for every item and feature, and
/// a list of the candidates, so that who is done with it pays for those alone.
///
/// The scores of an item stand side by side.
final class FeatureScores: @unchecked Sendable {
    let features: Int
    let itemCount: Int
    private(set) var candidates: [Int32] = []
    /// How like items are by what is known of them, for those who work that out. It is empty before and afterwards.
    var likeness: ScoreAccumulator
    private let scores: UnsafeMutablePointer<Float>
    private let isCandidate: UnsafeMutablePointer<Bool>

    init(itemCount: Int, features: Int) {
        self.itemCount = itemCount
        self.features = features
        scores = .allocate(capacity: max(1, itemCount * features))
        scores.initialize(repeating: 0, count: itemCount * features)
        isCandidate = .allocate(capacity: max(1, itemCount))
        isCandidate.initialize(repeating: false, count: itemCount)
        likeness = ScoreAccumulator(itemCount: itemCount)
    }

    deinit {
        scores.deallocate()
        isCandidate.deallocate()
    }

    /// The scores of an item.
    @inline(__always)
    subscript(item: Int32) -> UnsafeMutablePointer<Float> { scores + Int(item) * features }

    /// Makes an item a candidate.
    @inline(__always)
    func insert(_ item: Int32) {
        guard !isCandidate[Int(item)] else { return }
        isCandidate[Int(item)] = true
        candidates.append(item)
    }

    /// Adds the neighbours of an item to the scores of some features, for each with how much the item counts there.
    func add(_ table: NeighborTable, of item: Int32, weights: [(feature: Int, weight: Float)]) {
        table.forEachNeighbor(of: item) { neighbor, strength in
            insert(neighbor)
            let target = self[neighbor]
            for (feature, weight) in weights { target[feature] += strength * weight }
        }
    }

    /// Writes a score of each candidate.
    func fill(_ feature: Int, with score: (Int32) -> Float) {
        for item in candidates { self[item][feature] = score(item) }
    }

    /// Replaces the scores of a feature by their roots, and those below 0 by 0.
    func takeRoots(_ feature: Int) {
        fill(feature) { max(0, self[$0][feature]).squareRoot() }
    }

    /// Takes all scores away.
    func clear() {
        for item in candidates {
            self[item].update(repeating: 0, count: features)
            isCandidate[Int(item)] = false
        }
        candidates.removeAll(keepingCapacity: true)
    }
}
