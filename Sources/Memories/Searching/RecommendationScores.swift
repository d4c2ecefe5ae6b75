import Search

/// How well a vector fits examples that are wanted and others that are not, with the formulas of Qdrant (its
/// documentation, "Recommendation strategies").
struct RecommendationScores {
    private let strategy: PointQuery.Strategy
    private let wanted: [[Float]]
    private let unwanted: [[Float]]
    private let likeness: VectorLikeness

    init(_ strategy: PointQuery.Strategy, _ wanted: [[Float]], _ unwanted: [[Float]], _ metric: VectorMetric) {
        self.strategy = strategy
        self.wanted = wanted
        self.unwanted = unwanted
        likeness = VectorLikeness(metric)
    }

    /// More for a vector that fits better.
    func score(of vector: UnsafeBufferPointer<Float>) -> Float {
        let good = wanted.lazy.map { likeness.between($0, vector) }
        let bad = unwanted.lazy.map { likeness.between($0, vector) }
        switch strategy {
        case .averageVector, .sumScores: return good.reduce(0, +) - bad.reduce(0, +)
        case .bestScore:
            let (best, worst) = (good.max() ?? -.infinity, bad.max() ?? -.infinity)
            return best > worst ? Self.squeezed(best) : -Self.squeezed(worst)
        }
    }

    /// A vector that is near to those wanted and away from those not wanted. There is at least one that is wanted.
    static func average(_ wanted: [[Float]], _ unwanted: [[Float]]) -> [Float] {
        let good = mean(wanted)
        guard !unwanted.isEmpty else { return good }
        return zip(good, mean(unwanted)).map { 2 * $0 - $1 }
    }

    private static func mean(_ vectors: [[Float]]) -> [Float] {
        var sum = [Float](repeating: 0, count: vectors.first?.count ?? 0)
        for vector in vectors { for (index, component) in vector.enumerated() { sum[index] += component } }
        return sum.map { $0 / Float(max(1, vectors.count)) }
    }

    /// Between 0 and 1, more where there was more.
    private static func squeezed(_ value: Float) -> Float { (value / (1 + abs(value)) + 1) / 2 }
}
