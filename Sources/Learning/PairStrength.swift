import Foundation

/// How the number of times that two items go together becomes the strength of the one for the other: divided by how
/// often each of them occurs, to powers that are chosen, and held back where there is little evidence.
///
///     strength(i → j) = count(i, j) / ((frequency(i) + s)^a · (frequency(j) + s)^b + shrinkage)
///
/// With a = b = ½ and without shrinkage that is the cosine of the columns of i and j; with a = 1, b = 0 the share of
/// those with i who have j (M. Deshpande, G. Karypis, "Item-Based Top-N Recommendation Algorithms", 2004, whose
/// conditional probability has the exponent b too). The shrinkage is that of R. Bell, Y. Koren, "Scalable Collaborative
/// Filtering with Jointly Derived Neighborhood Interpolation Weights" (2007). The smoothing s does the same where the
/// powers do not sum up to 1.
public struct PairStrength: Sendable, Hashable {
    /// a, the power of the frequency of the item that is known.
    public var sourceExponent: Float
    /// b, the power of the frequency of the item that is looked for.
    public var targetExponent: Float
    /// How much evidence of the pair is asked for.
    public var shrinkage: Float
    /// s, how much evidence of each item is asked for.
    public var smoothing: Float

    /// A strength of pairs.
    public init(
        sourceExponent: Float = 0.5, targetExponent: Float = 0.5, shrinkage: Float = 10, smoothing: Float = 0
    ) {
        self.sourceExponent = sourceExponent
        self.targetExponent = targetExponent
        self.shrinkage = shrinkage
        self.smoothing = smoothing
    }

    /// The powers of all frequencies, to be looked up.
    func divisors(sources: [Float], targets: [Float]) -> Divisors {
        Divisors(
            sources: sources.map { pow($0 + smoothing, sourceExponent) },
            targets: targets.map { pow($0 + smoothing, targetExponent) }, shrinkage: shrinkage)
    }

    struct Divisors {
        let sources: [Float]
        let targets: [Float]
        let shrinkage: Float

        @inline(__always)
        func strength(_ count: Float, from source: Int, to target: Int32) -> Float {
            let strength = count / (sources[source] * targets[Int(target)] + shrinkage)
            return strength.isFinite ? strength : 0
        }
    }
}
