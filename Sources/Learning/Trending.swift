public import Core
import Foundation

/// What is chosen now: each interaction counts half as much after each half-life.
///
/// At a moment t an item has `Σ w · 2^((t' - t) / half-life)` over its interactions with weights w at moments t'. All
/// sums shrink alike as time passes, so they are kept as of one landmark, which moves on seldom: nothing is done but
/// when an interaction comes, and the order of the items does not depend on the moment (forward decay: G. Cormode,
/// V. Shkapenyuk, D. Srivastava, B. Xu, "Forward Decay: A Practical Time Decay Model for Streaming Systems", 2009).
public struct Trending: Sendable {
    /// After how many half-lives the landmark moves, long before the sums are too large for a `Double`.
    private static let reach = 256.0

    /// After how many seconds an interaction counts half as much.
    public let halfLife: Double
    private var landmark: Timestamp?
    private var sums: [Double]

    /// Items of which none was chosen yet.
    ///
    /// - parameters:
    ///   - itemCount: how many items there are; there may be more later.
    ///   - halfLife: after how many seconds an interaction counts half as much, greater than 0.
    public init(itemCount: Int = 0, halfLife: Double) {
        self.halfLife = max(halfLife, 0.000_001)
        sums = Array(repeating: 0, count: itemCount)
    }

    /// How many items it knows.
    public var itemCount: Int { sums.count }

    /// Adds an interaction. They may come in any order of time.
    public mutating func add(_ item: Int32, weight: Float = 1, at moment: Timestamp) {
        guard item >= 0, weight > 0, weight.isFinite else { return }
        if item >= sums.count { sums += Array(repeating: 0, count: Int(item) + 1 - sums.count) }
        let halfLives = landmark.map { self.halfLives(from: $0, to: moment) } ?? .infinity
        if halfLives > Self.reach {
            for index in sums.indices { sums[index] *= exp2(-halfLives) }
            landmark = moment
            sums[Int(item)] += Double(weight)
        } else {
            sums[Int(item)] += Double(weight) * exp2(halfLives)
        }
    }

    /// Takes back an interaction that was added.
    public mutating func remove(_ item: Int32, weight: Float = 1, at moment: Timestamp) {
        guard item >= 0, item < sums.count, weight > 0, weight.isFinite, let landmark else { return }
        let halfLives = halfLives(from: landmark, to: moment)
        // The landmark has moved for whatever was added, so this never was.
        guard halfLives <= Self.reach else { return }
        sums[Int(item)] = max(0, sums[Int(item)] - Double(weight) * exp2(halfLives))
    }

    /// How much an item counts at a moment.
    public func score(of item: Int32, at moment: Timestamp) -> Double { relativeScore(of: item) * decay(at: moment) }

    /// What ``relativeScore(of:)`` is multiplied by to be how much an item counts at a moment.
    public func decay(at moment: Timestamp) -> Double {
        landmark.map { exp2(-halfLives(from: $0, to: moment)) } ?? 0
    }

    /// How much an item counts beside others, whenever that is asked: as of a moment of its own that all items share.
    /// However long ago they were chosen, it does not become too small to be told apart.
    public func relativeScore(of item: Int32) -> Double {
        item >= 0 && item < sums.count ? sums[Int(item)] : 0
    }

    /// The items that were chosen, those that count most first; those that are alike in the order of their numbers.
    public func ranking(limit: Int = .max) -> [Int32] {
        let chosen = (0..<Int32(sums.count)).filter { sums[Int($0)] > 0 }
        return Array(chosen.sorted { (sums[Int($0)], $1) > (sums[Int($1)], $0) }.prefix(limit))
    }

    private func halfLives(from start: Timestamp, to end: Timestamp) -> Double {
        (Double(end.microseconds) - Double(start.microseconds)) / 1_000_000 / halfLife
    }
}
