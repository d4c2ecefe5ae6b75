import HashTreeCollections

/// What a column holds: something that can say that it is nothing.
protocol ColumnValue: Equatable, Sendable {
    /// What stands where a slot has no value.
    static var none: Self { get }
    var isNone: Bool { get }
}

extension UInt32: ColumnValue {
    static var none: UInt32 { .max }
    @inline(__always) var isNone: Bool { self == .max }
}

extension Int64: ColumnValue {
    static var none: Int64 { .min }
    @inline(__always) var isNone: Bool { self == .min }
}

extension GeoPoint: ColumnValue {
    static var none: GeoPoint { GeoPoint(latitude: .nan, longitude: .nan) }
    @inline(__always) var isNone: Bool { latitude.isNaN }
}

/// The values of a field by slot. Most slots have one, which stands in the column; those of others stand beside it.
struct SlotColumn<Value: ColumnValue>: Sendable {
    private(set) var first = ChunkedArray<Value>(empty: .none, shift: 10)
    private(set) var several: TreeDictionary<UInt32, [Value]> = [:]
    /// How many slots have a value.
    private(set) var count = 0

    /// Whether a value of a slot passes a test.
    @inline(__always)
    func any(_ slot: UInt32, _ test: (Value) -> Bool) -> Bool {
        let value = first[Int(slot)]
        if !value.isNone { return test(value) }
        if several.isEmpty { return false }
        return several[slot]?.contains(where: test) ?? false
    }

    /// Calls the closure with each value of a slot.
    @inline(__always)
    func forEach(_ slot: UInt32, _ body: (Value) -> Void) {
        _ = any(slot) { value in
            body(value)
            return false
        }
    }

    /// The values of a slot.
    func values(_ slot: UInt32) -> [Value] {
        var values: [Value] = []
        forEach(slot) { values.append($0) }
        return values
    }

    /// Calls the closure with each slot that has several values, and with those.
    func forEachOfSeveral(_ body: (UInt32, [Value]) -> Void) {
        for (slot, values) in several { body(slot, values) }
    }

    /// Puts values in the place of those that a slot had.
    mutating func set(_ values: [Value], at slot: UInt32) {
        let old = first[Int(slot)]
        if values.count == 1, values[0] == old { return }
        let hadSeveral = old.isNone && !several.isEmpty && several[slot] != nil
        count += (values.isEmpty ? 0 : 1) - (old.isNone && !hadSeveral ? 0 : 1)
        if hadSeveral { several[slot] = nil }
        if values.count > 1 { several[slot] = values }
        let new = values.count == 1 ? values[0] : .none
        if !(new.isNone && old.isNone) { first.update(Int(slot)) { $0 = new } }
    }

    /// How many bytes of memory the values take, about.
    var byteCount: Int {
        let each = 64 + 2 * MemoryLayout<Value>.stride
        return first.byteCount + several.count * each
    }
}
