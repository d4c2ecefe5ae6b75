public import Core
import HashTreeCollections

/// The attributes of elements by slot, in memory: the members of any objects, whatever their names.
///
/// A value, as ``PayloadIndex`` is. What has no attributes costs nothing here, and a name takes memory only where it
/// stands, so there may be any number of them.
public struct AttributeIndex: Sendable {
    private var keys = NumberedTable<AttributeKey, SlotSet>(empty: SlotSet())
    /// The numbers of the keys of each name.
    private var names: TreeDictionary<ExactText, SlotSet> = [:]
    /// The numbers of the keys of each slot, ascending.
    private var held = ChunkedArray<[UInt32]>(empty: [], shift: 6)

    /// An index of nothing.
    public init() {}

    /// Puts attributes in the place of those that a slot had.
    public mutating func set(_ attributes: JSONObject, at slot: UInt32) {
        let old = held[Int(slot)]
        if old.isEmpty, attributes.members.isEmpty { return }
        let new = AttributeKey.all(of: attributes).map { number(of: $0) }.sorted()
        guard new != old else { return }
        // New ones first: a value that stays is not forgotten in between.
        for number in new { keys.update(number) { _ = $0.insert(slot) } }
        let kept = Set(new)
        for number in old where !kept.contains(number) { remove(slot, from: number) }
        held.update(Int(slot)) { $0 = new }
    }

    private mutating func number(of key: AttributeKey) -> UInt32 {
        if let number = keys.number(of: key) { return number }
        let number = keys.assign(key)
        names[key.name, default: SlotSet()].insert(number)
        return number
    }

    private mutating func remove(_ slot: UInt32, from number: UInt32) {
        let isUnused = keys.update(number) { slots in
            slots.remove(slot)
            return slots.isEmpty
        }
        guard isUnused, let key = keys.key(number) else { return }
        keys.release(number)
        names[key.name, default: SlotSet()].remove(number)
        if names[key.name]?.isEmpty == true { names[key.name] = nil }
    }

    /// The slots whose attributes pass a test. It looks at each distinct value of the name, unless only one passes.
    ///
    /// - parameter slots: those that there are.
    public func slots(passing test: AttributeTest, among slots: NodeSet) -> NodeSet {
        var passing = NodeSet()
        let name = ExactText(test.name)
        if let only = test.only {
            if let number = keys.number(of: AttributeKey(name, only)) { keys.value(number).insert(into: &passing) }
        } else {
            names[name]?.forEach { number in
                guard let key = keys.key(number), test.passes(key.value) else { return }
                keys.value(number).insert(into: &passing)
            }
        }
        return test.isExpected ? passing : slots.subtracting(passing)
    }
}
