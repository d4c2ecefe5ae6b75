import Core
import Learning
import Synchronization

/// How much users did with each item, and how much of late.
final class ItemPopularity: Sendable {
    /// What is known of all items by their slots.
    struct Sums: Sendable {
        /// The weights of all that was done; shorter than there are items where nothing was done with the last ones.
        var weights: [Float] = []
        /// The same, of late.
        var recent: Trending
        /// How often it has changed.
        var version: UInt64 = 0
        /// When anything was done last.
        var newest: Timestamp?
    }

    private let state: Mutex<Sums>

    /// - parameter halfLife: after how many seconds what was done counts half as much of late.
    init(halfLife: Double) { state = Mutex(Sums(recent: Trending(halfLife: halfLife))) }

    /// What is known now.
    var sums: Sums { state.withLock { $0 } }

    /// How often it has changed.
    var version: UInt64 { state.withLock { $0.version } }

    /// How much all that was done counts at a moment for what is trending.
    func trendWeight(at moment: Timestamp) -> Double {
        let recent = sums.recent
        return (0..<Int32(recent.itemCount)).reduce(0) { $0 + recent.score(of: $1, at: moment) }
    }

    /// Whether users still do something: where what is known was imported from long ago, the time of a request says
    /// nothing of how long a user was away.
    func isAlive(at moment: Timestamp) -> Bool {
        let newest = state.withLock { $0.newest }
        return newest.map { $0.advanced(bySeconds: 86_400) >= moment } ?? false
    }

    /// What was done has changed, though it is not known how much less each item counts: a model is to be learnt anew.
    func noteChange() { state.withLock { $0.version += 1 } }

    /// Counts what somebody did with an item.
    func add(_ weight: Float, to slot: Int32, at time: Timestamp) {
        state.withLock { sums in
            if sums.weights.count <= Int(slot) {
                sums.weights += Array(repeating: 0, count: Int(slot) + 1 - sums.weights.count)
            }
            sums.version += 1
            sums.newest = max(sums.newest ?? time, time)
            sums.weights[Int(slot)] += weight
            sums.recent.add(slot, weight: weight, at: time)
        }
    }

    /// Takes back what was counted once.
    func remove(_ weight: Float, from slot: Int32, at time: Timestamp) {
        state.withLock { sums in
            guard Int(slot) < sums.weights.count else { return }
            sums.version += 1
            sums.weights[Int(slot)] = max(0, sums.weights[Int(slot)] - weight)
            sums.recent.remove(slot, weight: weight, at: time)
        }
    }
}
