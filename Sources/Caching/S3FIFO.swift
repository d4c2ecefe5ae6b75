import DequeModule

/// Values by key within a number of bytes; those that are asked for once make room first.
///
/// New entries stand in a small queue of a tenth of the bytes and move to the main queue if they are asked for again
/// before they reach its end. Entries of the main queue go round again for each time that they were asked for. Keys
/// that left the small queue are remembered for a while, and enter the main queue when they come back. So a walk over
/// everything does not push out what many ask for (Yang et al., "FIFO queues are all you need for cache eviction", SOSP
/// 2023).
struct S3FIFO<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let cost: Int
        /// Tells an entry from an earlier one of its key, whose place in a queue may still be there.
        let number: UInt64
        /// How often it was asked for since it entered its queue, up to ``mostHits``.
        var hits: UInt8 = 0
        var isMain: Bool
    }

    private struct Place {
        let key: Key
        let number: UInt64
    }

    /// What the books about an entry cost besides its value: its part of the table and of a queue.
    static var overhead: Int { 160 }
    private static var mostHits: UInt8 { 3 }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var small: Deque<Place> = []
    private var main: Deque<Place> = []
    private var left: Set<Key> = []
    private var leftInOrder: Deque<Key> = []
    private var smallBytes = 0
    private var nextNumber: UInt64 = 0
    /// How many bytes the entries take, as their callers counted them, with the books about them.
    private(set) var bytes = 0
    /// How many entries were pushed out.
    private(set) var evictions = 0

    /// - parameter capacity: how many bytes it may take; 0 keeps nothing.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// How many entries there are.
    var count: Int { entries.count }

    /// The value of a key.
    mutating func find(_ key: Key) -> Value? {
        guard let index = entries.index(forKey: key) else { return nil }
        if entries.values[index].hits < Self.mostHits { entries.values[index].hits += 1 }
        return entries.values[index].value
    }

    /// Keeps a value in place of an earlier one of its key, and pushes others out when there is no room.
    ///
    /// - parameter cost: how many bytes it takes. What would take more than a tenth of all is not kept.
    /// - returns: whether it is kept.
    @discardableResult mutating func insert(_ value: Value, for key: Key, cost: Int) -> Bool {
        let cost = cost + Self.overhead
        remove(key)
        guard cost <= capacity / 10 else { return false }
        while bytes + cost > capacity { evict() }
        let isMain = left.remove(key) != nil
        nextNumber += 1
        entries[key] = Entry(value: value, cost: cost, number: nextNumber, isMain: isMain)
        bytes += cost
        if isMain {
            main.append(Place(key: key, number: nextNumber))
        } else {
            small.append(Place(key: key, number: nextNumber))
            smallBytes += cost
        }
        return true
    }

    /// Forgets a key.
    mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        bytes -= entry.cost
        if !entry.isMain { smallBytes -= entry.cost }
        // Places of removed entries are met when they are next in their queue. Where nothing is pushed out they would
        // gather without end.
        if small.count + main.count > 2 * entries.count + 64 { sweep() }
    }

    private mutating func evict() {
        if smallBytes > capacity / 10 || main.isEmpty {
            evictFromSmall()
        } else {
            evictFromMain()
        }
    }

    private mutating func evictFromSmall() {
        guard let place = small.popFirst(), let entry = current(place) else { return }
        smallBytes -= entry.cost
        if entry.hits > 1 {
            entries[place.key]?.isMain = true
            entries[place.key]?.hits = 0
            main.append(place)
        } else {
            forget(place.key, entry)
            remember(place.key)
        }
    }

    private mutating func evictFromMain() {
        guard let place = main.popFirst(), let entry = current(place) else { return }
        if entry.hits > 0 {
            entries[place.key]?.hits = entry.hits - 1
            main.append(place)
        } else {
            forget(place.key, entry)
        }
    }

    private mutating func forget(_ key: Key, _ entry: Entry) {
        entries[key] = nil
        bytes -= entry.cost
        evictions += 1
    }

    /// Notes a key that left the small queue, among as many as there are entries.
    private mutating func remember(_ key: Key) {
        if left.insert(key).inserted { leftInOrder.append(key) }
        while leftInOrder.count > max(entries.count, 16), let oldest = leftInOrder.popFirst() { left.remove(oldest) }
    }

    private func current(_ place: Place) -> Entry? {
        guard let entry = entries[place.key], entry.number == place.number else { return nil }
        return entry
    }

    private mutating func sweep() {
        small.removeAll { entries[$0.key]?.number != $0.number }
        main.removeAll { entries[$0.key]?.number != $0.number }
    }
}
