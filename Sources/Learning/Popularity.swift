import Foundation

/// How much each item counts for all users together: what is recommended to whom nothing is known of.
public struct Popularity: Sendable {
    /// The sum of the weights of each item.
    public let weights: [Float]
    /// The sum of all weights.
    public let total: Float

    /// Counts a matrix.
    public init(_ matrix: InteractionMatrix) {
        self.init(weights: matrix.itemWeights())
    }

    init(weights: [Float]) {
        self.weights = weights
        total = Float(weights.reduce(0.0) { $0 + Double($1) })
    }

    /// The share of an item in everything that was chosen, from 0 to 1.
    public func share(of item: Int32) -> Float {
        guard item >= 0, item < weights.count, total > 0 else { return 0 }
        return weights[Int(item)] / total
    }

    /// How surprising it is that an item is chosen, in bits: -log₂ of its share. What nobody chose is taken to have
    /// been chosen half a time.
    public func selfInformation(of item: Int32) -> Double {
        guard item >= 0, item < weights.count else { return 0 }
        let weight = max(Double(weights[Int(item)]), 0.5)
        return -log2(weight / max(Double(total), weight))
    }

    /// The items that someone chose, the most popular first; those that are alike in the order of their numbers.
    public func ranking(limit: Int = .max) -> [Int32] {
        let chosen = (0..<Int32(weights.count)).filter { weights[Int($0)] > 0 }
        return Array(chosen.sorted { (weights[Int($0)], $1) > (weights[Int($1)], $0) }.prefix(limit))
    }
}
