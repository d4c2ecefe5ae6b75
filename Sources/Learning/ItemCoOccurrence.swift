/// Items that stand together in the rows of a matrix: item-based nearest neighbours.
///
/// A pair counts the sum of √(w·w') over the rows that have both, which is how many rows have both when all weights are
/// 1; ``PairStrength`` makes strengths of these. (B. Sarwar, G. Karypis, J. Konstan, J. Riedl, "Item-Based
/// Collaborative Filtering Recommendation Algorithms", 2001.) What a user gets for a history is the sum of the rows of
/// its items.
public struct ItemCoOccurrence: Sendable {
    private let pairs: CoOccurrence

    /// Takes a matrix up.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - rowLimit: how many items of a row are looked at, the latest: the time that a row takes grows with its
    ///     square.
    public init(_ matrix: InteractionMatrix, rowLimit: Int = 500) {
        pairs = CoOccurrence(matrix.latest(rowLimit))
    }

    /// The neighbours of all items, in a table for each of some strengths.
    ///
    /// - parameters:
    ///   - strengths: how counts become strengths; the pairs are counted once for all of them.
    ///   - limit: how many neighbours an item keeps at most.
    ///   - pace: how the work uses the machine.
    public func neighbors(
        _ strengths: [PairStrength], limit: Int, pace: TrainingPace = TrainingPace()
    ) throws -> [NeighborTable] {
        let frequencies = pairs.matrix.itemWeights()
        let divisors = strengths.map { $0.divisors(sources: frequencies, targets: frequencies) }
        return try pairs.neighbors(divisors, limit: limit, pace: pace) { item, sums in pairs.add(item, to: &sums) }
    }
}

extension CoOccurrence {
    /// Tables of what a body counts for each item, one for each way to divide.
    func neighbors(
        _ divisors: [PairStrength.Divisors], limit: Int, pace: TrainingPace,
        count: (_ item: Int, _ sums: inout ScoreAccumulator) -> Void
    ) throws -> [NeighborTable] {
        try NeighborTable.make(
            tables: divisors.count, rows: matrix.itemCount, limit: limit, pace: pace
        ) { item, sums, entries in
            count(item, &sums)
            for other in sums.touched where other != item {
                for table in divisors.indices {
                    let strength = divisors[table].strength(sums[other], from: item, to: other)
                    entries[table].add(strength, of: other)
                }
            }
        }
    }
}
