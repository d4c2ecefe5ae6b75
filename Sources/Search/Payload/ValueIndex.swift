/// The slots of each value of a field, and the values of each slot.
struct ValueIndex<Key: Hashable & Sendable>: Sendable {
    private var values = NumberedTable<Key, SlotSet>(empty: SlotSet())
    private var column = SlotColumn<UInt32>()

    /// How many numbers there are, with free ones.
    var numberLimit: UInt32 { values.limit }

    /// How many distinct values there are.
    var distinctCount: Int { values.count }
    /// How many slots have a value.
    var slotCount: Int { column.count }
    /// The slots that have several distinct values.
    var severalCount: Int { column.several.count }

    /// The slots of a value.
    func slots(of key: Key) -> SlotSet { values.number(of: key).map { values.value($0) } ?? .none }

    /// Whether a value of a slot passes a test.
    @inline(__always)
    func any(_ slot: UInt32, _ test: (Key) -> Bool) -> Bool {
        column.any(slot) { values.key($0).map(test) ?? false }
    }

    /// Calls the closure with each value and its slots.
    func forEach(_ body: (Key, SlotSet) -> Void) { values.forEach(body) }

    /// Calls the closure with the number of each value of a slot. Numbers are less than ``numberLimit``.
    @inline(__always)
    func forEachNumber(_ slot: UInt32, _ body: (UInt32) -> Void) { column.forEach(slot, body) }

    /// The value of a number.
    func key(_ number: UInt32) -> Key? { values.key(number) }

    /// Calls the closure with each slot of several values.
    func forEachOfSeveral(_ body: (UInt32) -> Void) { column.forEachOfSeveral { slot, _ in body(slot) } }

    /// Puts values in the place of those that a slot had.
    mutating func set(_ keys: Set<Key>, at slot: UInt32) {
        let old = column.values(slot)
        if old.isEmpty, keys.isEmpty { return }
        if old.count == keys.count, old.allSatisfy({ values.key($0).map(keys.contains) ?? false }) { return }
        // New ones first: a value that stays is not forgotten in between.
        let new = keys.map { values.assign($0) }
        for number in new { values.update(number) { _ = $0.insert(slot) } }
        column.set(new, at: slot)
        for number in old where !new.contains(number) { remove(slot, from: number) }
    }

    private mutating func remove(_ slot: UInt32, from number: UInt32) {
        let isUnused = values.update(number) { slots in
            slots.remove(slot)
            return slots.isEmpty
        }
        if isUnused { values.release(number) }
    }

    /// How many bytes of memory it takes, about. It looks at each value.
    func byteCount(_ keySize: (Key) -> Int) -> Int {
        var bytes = values.byteCount + column.byteCount
        forEach { key, slots in bytes += slots.byteCount + keySize(key) + MemoryLayout<Key>.stride + 16 }
        return bytes
    }
}
