/// Makes one ranking of several.
public enum RankFusion {
    /// The constant of reciprocal rank fusion that its authors found best.
    public static let standardConstant = 60.0
    /// The constant that Qdrant takes unless it is told another.
    public static let qdrantConstant = 2.0

    /// Reciprocal rank fusion: each ranking gives an element 1 / (k + r) for its rank r from 1 (Cormack, Clarke and
    /// Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009).
    ///
    /// - parameters:
    ///   - rankings: the elements of each, the best first.
    ///   - constant: k. More makes the first ranks count less.
    ///   - limit: how many are wanted at most.
    /// - returns: the best first; equal ones in the order in which they first came.
    public static func reciprocal<ID: Hashable>(
        _ rankings: [[ID]], constant: Double = standardConstant, limit: Int
    ) -> [(id: ID, score: Double)] {
        reciprocalScores(rankings, constant: constant).best(limit)
    }

    /// What reciprocal rank fusion gives each element, in the order in which they first came: for who has an order of
    /// equal ones of his own.
    public static func reciprocal<ID: Hashable>(
        _ rankings: [[ID]], constant: Double = standardConstant
    ) -> [(id: ID, score: Double)] {
        reciprocalScores(rankings, constant: constant).elements
    }

    private static func reciprocalScores<ID: Hashable>(_ rankings: [[ID]], constant: Double) -> FusedScores<ID> {
        var scores = FusedScores<ID>(rankings.reduce(0) { $0 + $1.count })
        for ranking in rankings {
            for (place, id) in ranking.enumerated() { scores.add(1 / (constant + Double(place) + 1), to: id) }
        }
        return scores
    }

    /// Reciprocal rank fusion as Qdrant does it: each ranking gives an element 1 / (k + r / w - 1) for its rank r from
    /// 1 and the weight w of the ranking; one without a weight above zero gives nothing.
    ///
    /// - parameters:
    ///   - rankings: the elements of each, the best first.
    ///   - constant: k.
    ///   - weights: one for each ranking; nil means 1 for each. Those that are missing are 1.
    ///   - limit: how many are wanted at most.
    public static func qdrantReciprocal<ID: Hashable>(
        _ rankings: [[ID]], constant: Double = qdrantConstant, weights: [Double]? = nil, limit: Int
    ) -> [(id: ID, score: Double)] {
        var scores = FusedScores<ID>()
        for (index, ranking) in rankings.enumerated() {
            let weight = weights.flatMap { index < $0.count ? $0[index] : nil } ?? 1
            for (place, id) in ranking.enumerated() {
                let share = weight > 0 ? 1 / (Double(place + 1) / weight + constant - 1) : 0
                scores.add(share, to: id)
            }
        }
        return scores.best(limit)
    }

    /// Distribution-based score fusion: the scores of each ranking are brought to the range from three standard
    /// deviations below their mean (0) to three above (1), and added. Where there is one score, or all are the same,
    /// each counts as one half.
    ///
    /// - parameters:
    ///   - rankings: the elements of each with their scores, the best first.
    ///   - limit: how many are wanted at most.
    public static func distributionBased<ID: Hashable>(
        _ rankings: [[(id: ID, score: Double)]], limit: Int
    ) -> [(id: ID, score: Double)] {
        var scores = FusedScores<ID>()
        for ranking in rankings {
            let (low, width) = spread(ranking.map(\.score))
            for element in ranking { scores.add(width > 0 ? (element.score - low) / width : 0.5, to: element.id) }
        }
        return scores.best(limit)
    }

    /// Three deviations below the mean, and how far three above it is from there; zero when the scores do not differ.
    private static func spread(_ scores: [Double]) -> (low: Double, width: Double) {
        guard scores.count > 1 else { return (0, 0) }
        let mean = scores.reduce(0, +) / Double(scores.count)
        let squares = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(scores.count - 1)).squareRoot()
        return (mean - 3 * deviation, 6 * deviation)
    }
}

/// Sums of scores, in the order in which elements first came.
private struct FusedScores<ID: Hashable> {
    private var places: [ID: Int] = [:]
    private(set) var elements: [(id: ID, score: Double)] = []

    /// - parameter capacity: how many elements there are about.
    init(_ capacity: Int = 0) {
        places.reserveCapacity(capacity)
        elements.reserveCapacity(capacity)
    }

    mutating func add(_ score: Double, to id: ID) {
        if let place = places[id] {
            elements[place].score += score
        } else {
            places[id] = elements.count
            elements.append((id, score))
        }
    }

    func best(_ limit: Int) -> [(id: ID, score: Double)] {
        let order = elements.indices.sorted { left, right in
            let difference = elements[left].score - elements[right].score
            return difference == 0 ? left < right : difference > 0
        }
        return order.prefix(max(0, limit)).map { elements[$0] }
    }
}
