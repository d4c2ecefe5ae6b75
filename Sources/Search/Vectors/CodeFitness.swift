/// Notes whether new vectors still fit the codes that were fitted to others.
struct CodeFitness {
    /// One vector of so many is looked at.
    private static let every = 8
    /// After so many that were looked at there is a verdict, and it begins anew.
    private static let window = 250
    /// How many times the components beyond the bound may be more than in the sample.
    private static let excess = 8.0
    /// Components that reach this part of the bound or less would leave most steps of the codes unused.
    private static let leastReach: Float = 1 / 8

    private let bound: Float
    /// The part of the components that was beyond the bound in the sample.
    private let expected: Double
    private var turn = 0
    private var vectors = 0
    private var components = 0
    private var clipped = 0
    private var large = 0
    /// Whether codes should be fitted anew.
    private(set) var isLost = false

    init(bound: Float, quantile: Double) {
        self.bound = bound
        // At a quantile of one nothing of the sample is beyond the bound; one in a thousand may be of others.
        expected = max(1 - quantile, 0.001)
    }

    /// Looks at a vector, now and then.
    mutating func note(_ vector: [Float]) {
        turn += 1
        guard turn % Self.every == 1 else { return }
        vectors += 1
        components += vector.count
        for component in vector {
            let size = abs(component)
            if size > bound { clipped += 1 }
            if size > bound * Self.leastReach { large += 1 }
        }
        guard vectors == Self.window else { return }
        let share = 1 / Double(components)
        isLost = Double(clipped) * share > Self.excess * expected || Double(large) * share < expected / Self.excess
        (vectors, components, clipped, large) = (0, 0, 0, 0)
    }
}
