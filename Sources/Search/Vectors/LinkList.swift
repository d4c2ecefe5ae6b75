import Synchronization

/// The links of a node at one level: a fixed number of slots in which the numbers of its neighbours stand.
///
/// Readers go through the slots while a writer changes them. A link that stays keeps its slot, so a reader never
/// misses it, and a slot holds one number or none at any time.
struct LinkList {
    /// What stands in an empty slot.
    static let none = UInt32.max

    private let slots: UnsafeMutablePointer<Atomic<UInt32>>
    /// How many slots there are.
    let capacity: Int

    /// The list at an address, which ``clear()`` makes one the first time.
    @inline(__always)
    init(at address: UnsafeMutableRawPointer, capacity: Int) {
        slots = address.assumingMemoryBound(to: Atomic<UInt32>.self)
        self.capacity = capacity
    }

    /// What stands in a slot. Whoever reads a number there sees all that was written before the number was.
    @inline(__always)
    subscript(slot: Int) -> UInt32 { slots[slot].load(ordering: .acquiring) }

    /// Writes a slot. Only for a list that nobody else knows of.
    func set(_ node: UInt32, at slot: Int) { slots[slot].store(node, ordering: .relaxed) }

    /// Empties all slots. Only for a list that nobody else knows of.
    func clear() {
        for slot in 0..<capacity { slots[slot].store(Self.none, ordering: .relaxed) }
    }

    /// The neighbours.
    var nodes: [UInt32] { (0..<capacity).map { self[$0] }.filter { $0 != Self.none } }

    /// Whether a node is a neighbour.
    func contains(_ node: UInt32) -> Bool { (0..<capacity).contains { self[$0] == node } }

    /// Whether there is no empty slot.
    var isFull: Bool { !contains(Self.none) }

    /// Puts a node into an empty slot.
    ///
    /// - returns: whether there was one.
    @discardableResult
    func add(_ node: UInt32) -> Bool { replace(Self.none, by: node) }

    /// Empties the slot of a node.
    ///
    /// - returns: whether it had one.
    @discardableResult
    func remove(_ node: UInt32) -> Bool { replace(node, by: Self.none) }

    /// Puts a node into the slot of another.
    ///
    /// - returns: whether that had one.
    @discardableResult
    func replace(_ old: UInt32, by new: UInt32) -> Bool {
        guard let slot = (0..<capacity).first(where: { self[$0] == old }) else { return false }
        slots[slot].store(new, ordering: .releasing)
        return true
    }
}
