/// What comes after an item in the order of the rows: a Markov chain over the items that follow within a window, which
/// count the less the further away they are.
///
/// A pair at a distance d counts √(w·w') / d for what follows, and a share of that for what comes before, since the
/// order of a visit is half chance. ``PairStrength`` makes strengths of the sums S over all rows, with the sums of the
/// rows of S as the frequencies of what is known and the sums of its columns as those of what is looked for. (The
/// weights 1/d are those of "sequential rules": M. Ludewig, D. Jannach, "Evaluation of Session-based Recommendation
/// Algorithms", 2018.)
public struct SessionTransitions: Sendable {
    private let pairs: CoOccurrence

    /// Takes a matrix up, whose rows stand in the order of time.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - rowLimit: how many items of a row are looked at, the latest.
    public init(_ matrix: InteractionMatrix, rowLimit: Int = 500) {
        pairs = CoOccurrence(matrix.latest(rowLimit))
    }

    /// What follows on each item, in a table for each of some strengths.
    ///
    /// - parameters:
    ///   - strengths: how counts become strengths; the pairs are counted once for all of them.
    ///   - window: how many items after another still follow on it.
    ///   - backwardShare: how much a pair counts in the other direction, from 0 to 1.
    ///   - limit: how many an item keeps at most.
    ///   - pace: how the work uses the machine.
    public func neighbors(
        _ strengths: [PairStrength], window: Int = 10, backwardShare: Float = 0.5, limit: Int,
        pace: TrainingPace = TrainingPace()
    ) throws -> [NeighborTable] {
        let sums = try pairs.sumsAround(window: window, backwardShare: backwardShare, pace: pace)
        let divisors = strengths.map { $0.divisors(sources: sums.sources, targets: sums.targets) }
        return try pairs.neighbors(divisors, limit: limit, pace: pace) { item, sums in
            pairs.addAround(item, window: window, backwardShare: backwardShare, to: &sums)
        }
    }
}
