import Core
import DequeModule

/// The deliveries of one action that were read and are not done: which of them may begin.
///
/// Those of one lane begin one after the other, by ascending position; lanes do not wait for each other.
struct LaneQueue {
    private struct Lane {
        var waiting: Deque<Delivery> = []
        var isBusy = false
    }

    private var lanes: [Int64: Lane] = [:]
    /// Lanes whose first delivery may begin, in the order in which they came to that.
    private var ready: Deque<Int64> = []
    private var keys: Set<Delivery.Key> = []
    /// What happened while the table was read: the rows that were read may be older than that.
    private var reading: Reading?

    private struct Reading {
        /// What came to an end.
        var ended: Set<Delivery.Key> = []
        /// The lanes in which one failed: those behind it wait, also those that were not here by then.
        var left: Set<Int64> = []
    }

    /// How many are here, those under way included.
    var count: Int { keys.count }

    /// How many of a lane have not begun.
    func count(in lane: Int64) -> Int { lanes[lane]?.waiting.count ?? 0 }

    /// The table is about to be read.
    mutating func beginReading() { reading = Reading() }

    /// Takes in what was read, but for what is here, came to an end meanwhile, or stands behind what failed meanwhile.
    /// Those of a lane come by ascending position.
    mutating func endReading(_ deliveries: [Delivery]) {
        let meanwhile = reading ?? Reading()
        reading = nil
        for delivery in deliveries
        where !meanwhile.ended.contains(delivery.key) && !meanwhile.left.contains(delivery.lane) {
            add(delivery)
        }
    }

    /// Takes in a delivery unless it is here.
    mutating func add(_ delivery: Delivery) {
        guard keys.insert(delivery.key).inserted else { return }
        var lane = lanes[delivery.lane] ?? Lane()
        // One that was read again after a failure may come before those that were read meanwhile.
        let index = lane.waiting.firstIndex { delivery.precedes($0) } ?? lane.waiting.endIndex
        lane.waiting.insert(delivery, at: index)
        if !lane.isBusy, lane.waiting.count == 1 { ready.append(delivery.lane) }
        lanes[delivery.lane] = lane
    }

    /// The next delivery to begin; it keeps its lane until ``finish(_:isDone:)``.
    mutating func next() -> Delivery? {
        guard let key = ready.popFirst(), let delivery = lanes[key]?.waiting.popFirst() else { return nil }
        lanes[key]?.isBusy = true
        return delivery
    }

    /// Those that wait in the lane of a delivery.
    func followers(of delivery: Delivery) -> [Delivery] { Array(lanes[delivery.lane]?.waiting ?? []) }

    /// A delivery that was begun has come to an end, and that is written down.
    ///
    /// - parameter isDone: whether the next of its lane may begin. If not, all of the lane leave: they are read again
    ///   once the one before them is done.
    mutating func finish(_ delivery: Delivery, isDone: Bool) {
        keys.remove(delivery.key)
        reading?.ended.insert(delivery.key)
        if !isDone { reading?.left.insert(delivery.lane) }
        guard var lane = lanes[delivery.lane] else { return }
        lane.isBusy = false
        guard isDone else {
            lanes[delivery.lane] = nil
            for other in lane.waiting { keys.remove(other.key) }
            return
        }
        if lane.waiting.isEmpty {
            lanes[delivery.lane] = nil
        } else {
            lanes[delivery.lane] = lane
            ready.append(delivery.lane)
        }
    }

    /// Lets a delivery that was begun, but not attempted, begin again later, before the others of its lane.
    mutating func putBack(_ delivery: Delivery) {
        guard var lane = lanes[delivery.lane] else { return }
        lane.isBusy = false
        lane.waiting.prepend(delivery)
        lanes[delivery.lane] = lane
        ready.prepend(delivery.lane)
    }

    /// Lets go of all that have not begun.
    mutating func clear() {
        for (key, lane) in lanes {
            for delivery in lane.waiting { keys.remove(delivery.key) }
            if lane.isBusy { lanes[key]?.waiting = [] } else { lanes[key] = nil }
        }
        ready = []
    }
}

extension Delivery {
    fileprivate func precedes(_ other: Delivery) -> Bool {
        (key.position.value, key.replay) < (other.key.position.value, other.key.replay)
    }
}
