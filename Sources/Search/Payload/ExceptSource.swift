/// The slots with a value that is neither null nor one of some.
struct ExceptSource<Key: Hashable & Sendable>: SlotSource {
    let values: ValueIndex<Key>
    let keys: Set<Key>
    /// The slots with values, null included.
    let filled: SlotSet
    /// The slots with null.
    let nulls: SlotSet
    /// The slots with a value of another kind.
    let others: SlotSet

    var estimate: Int { filled.count }
    var cost: Int { filled.count / 16 + (values.severalCount + nulls.count) * testCost + keys.count * 50 }
    var testCost: Int { 60 }

    func contains(_ slot: UInt32) -> Bool { others.contains(slot) || values.any(slot) { !keys.contains($0) } }

    func insert(into nodes: inout NodeSet) {
        var found = NodeSet()
        filled.insert(into: &found)
        var excluded = NodeSet()
        for key in keys { values.slots(of: key).insert(into: &excluded) }
        found.subtract(excluded)
        // Where there is nothing but null, and where another value stands beside an excluded one, sets cannot tell.
        nulls.forEach { if !contains($0) { found.remove($0) } }
        values.forEachOfSeveral { if contains($0) { found.insert($0) } }
        others.insert(into: &found)
        nodes.formUnion(found)
    }
}
