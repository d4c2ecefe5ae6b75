import Search

/// Which point each slot of a collection's indexes stands for.
///
/// A slot is a small number by which indexes know a point. The one of a point that is gone is given to another once all
/// searches have ended that began before: so what a search finds at a slot is what it looked for.
struct SlotTable: Sendable {
    private(set) var keys = ChunkedArray<PointKey?>(empty: nil, shift: 10)
    /// How many slots there are, with free ones.
    private var limit: UInt32
    private var slots: [PointKey: UInt32] = [:]
    private var free: [UInt32] = []
    /// Slots whose points are gone, with the epoch that ended then.
    private var retired: [(slot: UInt32, epoch: UInt64)] = []
    private var epoch: UInt64 = 1
    /// How many searches run that began in an epoch.
    private var running: [UInt64: Int] = [:]

    /// No points.
    ///
    /// - parameter limit: the slots below it are for points that are restored; others are given none of them before
    ///   ``endRestoring()``.
    init(restoringBelow limit: UInt32 = 0) { self.limit = limit }

    /// How many points there are.
    var count: Int { slots.count }

    /// The slots of all points.
    var all: [PointKey: UInt32] { slots }

    /// The slot of a point, or nil when there is none.
    func slot(of key: PointKey) -> UInt32? { slots[key] }

    /// The point at a slot, or nil when it is gone.
    func key(at slot: UInt32) -> PointKey? { keys[Int(slot)] }

    /// The slot of a point, which is given to it if it has none.
    mutating func assign(_ key: PointKey) -> UInt32 {
        if let slot = slots[key] { return slot }
        reclaim()
        var slot = limit
        if let used = free.popLast() { slot = used } else { limit += 1 }
        keys.update(Int(slot)) { $0 = key }
        slots[key] = slot
        return slot
    }

    /// Gives a point the slot that it had before a restart. No other point has been given one since.
    mutating func restore(_ key: PointKey, at slot: UInt32) {
        limit = max(limit, slot + 1)
        keys.update(Int(slot)) { $0 = key }
        slots[key] = slot
    }

    /// Lets the slots be used to which no point was restored.
    mutating func endRestoring() {
        free = (0..<limit).filter { keys[Int($0)] == nil }
    }

    /// Takes the slot from a point that is gone.
    mutating func remove(_ key: PointKey) {
        guard let slot = slots.removeValue(forKey: key) else { return }
        keys.update(Int(slot)) { $0 = nil }
        retired.append((slot, epoch))
        epoch += 1
    }

    /// Notes that a search begins.
    ///
    /// - returns: what ``endSearch(_:)`` takes.
    mutating func beginSearch() -> UInt64 {
        running[epoch, default: 0] += 1
        return epoch
    }

    /// Notes that a search has ended.
    mutating func endSearch(_ began: UInt64) {
        guard let count = running[began], count > 1 else {
            running[began] = nil
            return
        }
        running[began] = count - 1
    }

    private mutating func reclaim() {
        guard free.isEmpty, let first = retired.first else { return }
        let oldest = running.keys.min() ?? .max
        guard first.epoch < oldest else { return }
        let reusable = retired.prefix { $0.epoch < oldest }
        free += reusable.map(\.slot)
        retired.removeFirst(reusable.count)
    }
}
