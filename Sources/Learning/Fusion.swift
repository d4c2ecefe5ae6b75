import Foundation

/// Weights with which scores of several kinds are added up, learnt from choices: of which of some candidates, each with
/// its scores, somebody took which.
///
/// That is the conditional logit (D. McFadden, "Conditional Logit Analysis of Qualitative Choice Behavior", 1974): the
/// probability of a candidate with scores x is `exp(w·x) / Σ exp(w·x')` over all candidates of the choice, and the
/// weights make the taken ones as probable as possible, less `strength / 2 · |w - prior|²` with scores that have the
/// deviation 1: few choices change a little of what is taken to be right without any, many decide alone.
/// Weights are at least 0: more of a score never speaks against an item. The sum is concave, so there is one outcome;
/// it is found by projected Newton steps (D. Bertsekas, "Projected Newton Methods for Optimization Problems with Simple
/// Constraints", 1982).
public struct Fusion: Sendable {
    /// How many kinds of scores there are.
    public let kinds: Int
    /// How many choices there are.
    public var count: Int { taken.count }
    private var scores: [Float] = []
    private var starts = [0]
    private var taken: [Int] = []

    /// No choices yet between candidates with so many kinds of scores.
    public init(kinds: Int) {
        self.kinds = kinds
    }

    /// Adds a choice.
    ///
    /// - parameters:
    ///   - candidates: the scores of each candidate, one after the other.
    ///   - taken: which of them was taken. Choices of none of them teach nothing and are left out.
    public mutating func add(candidates: some Collection<Float>, taken: Int) {
        guard kinds > 0, taken >= 0, taken < candidates.count / kinds, candidates.allSatisfy(\.isFinite) else { return }
        scores += candidates.prefix(candidates.count / kinds * kinds)
        starts.append(scores.count / kinds)
        self.taken.append(taken)
    }

    /// The weights that follow from the choices, in the order of the kinds.
    ///
    /// - parameters:
    ///   - prior: the weights that are taken without any choices, each at least 0; by default 0.
    ///   - strength: how strongly weights are drawn to these, greater than 0.
    ///   - pace: how the work uses the machine.
    public func weights(
        prior: [Double]? = nil, strength: Double = 1, pace: TrainingPace = TrainingPace()
    ) throws -> [Double] {
        let deviations = deviations()
        let start = (0..<kinds).map { max(0, prior?[$0] ?? 0) * deviations[$0] }
        let penalty = Penalty(center: start, strength: strength)
        var weights = start
        var current = try slopes(at: weights, deviations: deviations, penalty: penalty, pace: pace)
        for _ in 0..<50 {
            // What stands at 0 and would go below it stays there.
            let free = (0..<kinds).filter { weights[$0] > 0 || current.gradient[$0] < 0 }
            guard free.contains(where: { abs(current.gradient[$0]) > 1e-6 * (1 + abs(current.loss)) }) else { break }
            let step = current.newtonStep(of: free)
            var length = 1.0
            var next = current
            var moved = weights
            repeat {
                moved = weights
                for (index, kind) in free.enumerated() { moved[kind] = max(0, weights[kind] + length * step[index]) }
                next = try slopes(at: moved, deviations: deviations, penalty: penalty, pace: pace)
                length /= 2
            } while !(next.loss < current.loss) && length > 1e-6
            guard next.loss < current.loss else { break }
            (weights, current) = (moved, next)
        }
        return zip(weights, deviations).map { $0 / $1 }
    }

    /// The deviations of the kinds of scores over all candidates; 1 for one that is always the same.
    private func deviations() -> [Double] {
        let candidates = Double(max(1, scores.count / max(1, kinds)))
        var (sums, squares) = (Array(repeating: 0.0, count: kinds), Array(repeating: 0.0, count: kinds))
        for (index, score) in scores.enumerated() {
            sums[index % kinds] += Double(score)
            squares[index % kinds] += Double(score) * Double(score)
        }
        return zip(sums, squares).map { sum, square in
            let deviation = max(0, square / candidates - (sum / candidates) * (sum / candidates)).squareRoot()
            return deviation > 1e-9 ? deviation : 1
        }
    }

    /// The loss at some weights, of scores divided by their deviations, and how it changes around them.
    private func slopes(
        at weights: [Double], deviations: [Double], penalty: Penalty, pace: TrainingPace
    ) throws -> LossSlopes {
        var sum = LossSlopes(weights: weights, penalty: penalty)
        let scaled = zip(weights, deviations).map { $0 / $1 }
        for choice in 0..<count {
            if choice % 32 == 0 { try pace.pause() }
            add(choice, weights: scaled, deviations: deviations, to: &sum)
        }
        return sum
    }

    private func add(_ choice: Int, weights: [Double], deviations: [Double], to sum: inout LossSlopes) {
        let candidates = starts[choice]..<starts[choice + 1]
        let totals = candidates.map { row in
            (0..<kinds).reduce(0.0) { $0 + weights[$1] * Double(scores[row * kinds + $1]) }
        }
        let greatest = totals.max() ?? 0
        let exponentials = totals.map { exp($0 - greatest) }
        let all = exponentials.reduce(0, +)
        sum.loss += greatest + log(all) - totals[taken[choice]]
        var mean = Array(repeating: 0.0, count: kinds)
        var scaled = mean
        for (row, exponential) in zip(candidates, exponentials) {
            let probability = exponential / all
            for kind in 0..<kinds { scaled[kind] = Double(scores[row * kinds + kind]) / deviations[kind] }
            for kind in 0..<kinds where scaled[kind] != 0 {
                let part = probability * scaled[kind]
                mean[kind] += part
                for other in 0...kind { sum.curvature[kind * kinds + other] += part * scaled[other] }
            }
        }
        for kind in 0..<kinds {
            let chosen = Double(scores[(candidates.lowerBound + taken[choice]) * kinds + kind]) / deviations[kind]
            sum.gradient[kind] += mean[kind] - chosen
            for other in 0...kind { sum.curvature[kind * kinds + other] -= mean[kind] * mean[other] }
        }
    }
}

/// What weights cost that are away from those that are taken without any choices.
private struct Penalty {
    let center: [Double]
    let strength: Double
}

/// A loss at a place, its first derivatives, and of its second derivatives the lower triangle by rows.
private struct LossSlopes {
    var loss: Double
    var gradient: [Double]
    var curvature: [Double]

    /// Those of the penalty alone.
    init(weights: [Double], penalty: Penalty) {
        let distances = zip(weights, penalty.center).map { $0 - $1 }
        loss = distances.reduce(0) { $0 + penalty.strength / 2 * $1 * $1 }
        gradient = distances.map { penalty.strength * $0 }
        curvature = Array(repeating: 0, count: weights.count * weights.count)
        for kind in weights.indices { curvature[kind * weights.count + kind] = penalty.strength }
    }

    /// Where the quadratic form of the place is smallest along some of the kinds, by the factorisation of Cholesky.
    func newtonStep(of kinds: [Int]) -> [Double] {
        let order = kinds.count
        var factor = Array(repeating: 0.0, count: order * order)
        for row in 0..<order {
            for column in 0...row {
                let (greater, lesser) = (max(kinds[row], kinds[column]), min(kinds[row], kinds[column]))
                var value = curvature[greater * gradient.count + lesser]
                for inner in 0..<column { value -= factor[row * order + inner] * factor[column * order + inner] }
                factor[row * order + column] =
                    row == column ? max(value, 1e-12).squareRoot() : value / factor[column * order + column]
            }
        }
        var step = kinds.map { -gradient[$0] }
        for row in 0..<order {
            for inner in 0..<row { step[row] -= factor[row * order + inner] * step[inner] }
            step[row] /= factor[row * order + row]
        }
        for row in (0..<order).reversed() {
            for inner in (row + 1)..<max(row + 1, order) { step[row] -= factor[inner * order + row] * step[inner] }
            step[row] /= factor[row * order + row]
        }
        return step
    }
}
