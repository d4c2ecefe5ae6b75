/// The slots in which one value stands. A single one needs no memory of its own, a few are a sorted array, and many are
/// one container for each 65,536 slots (like Roaring bitmaps, Chambi, Lemire, Kaser and Godin 2016): a sorted array of
/// the lower halves, or a bit for each. So a change of a set that was copied copies 8 KiB at most, and the containers'
/// list.
enum SlotSet: Sendable {
    case none
    case one(UInt32)
    /// Ascending.
    case few([UInt32])
    /// By the upper half of the slot.
    case many([SlotContainer])

    /// How many slots are a plain array.
    static let fewLimit = 512

    init() { self = .none }

    var count: Int {
        switch self {
        case .none: 0
        case .one: 1
        case .few(let slots): slots.count
        case .many(let containers): containers.reduce(0) { $0 + $1.count }
        }
    }

    var isEmpty: Bool {
        if case .none = self { true } else { false }
    }

    @inline(__always)
    func contains(_ slot: UInt32) -> Bool {
        switch self {
        case .none: return false
        case .one(let only): return only == slot
        case .few(let slots):
            let place = slots.place(of: slot)
            return place < slots.count && slots[place] == slot
        case .many(let containers):
            let index = Int(slot >> 16)
            return index < containers.count && containers[index].contains(UInt16(truncatingIfNeeded: slot))
        }
    }

    /// Adds a slot.
    ///
    /// - returns: whether it was not there yet.
    @discardableResult
    mutating func insert(_ slot: UInt32) -> Bool {
        switch self {
        case .none: self = .one(slot)
        case .one(let only):
            guard only != slot else { return false }
            self = .few([min(only, slot), max(only, slot)])
        case .few(var slots):
            let place = slots.place(of: slot)
            guard place == slots.count || slots[place] != slot else { return false }
            self = .none
            slots.insert(slot, at: place)
            self = slots.count <= Self.fewLimit ? .few(slots) : .many(Self.containers(slots))
        case .many(var containers):
            self = .none
            let isNew = Self.insert(slot, into: &containers)
            self = .many(containers)
            return isNew
        }
        return true
    }

    private static func insert(_ slot: UInt32, into containers: inout [SlotContainer]) -> Bool {
        let index = Int(slot >> 16)
        while index >= containers.count { containers.append(.sparse([])) }
        return containers[index].insert(UInt16(truncatingIfNeeded: slot))
    }

    private static func containers(_ slots: [UInt32]) -> [SlotContainer] {
        var containers: [SlotContainer] = []
        for slot in slots { _ = insert(slot, into: &containers) }
        return containers
    }

    /// Takes a slot out.
    mutating func remove(_ slot: UInt32) {
        switch self {
        case .none: break
        case .one(let only): if only == slot { self = .none }
        case .few(var slots):
            let place = slots.place(of: slot)
            guard place < slots.count, slots[place] == slot else { return }
            self = .none
            slots.remove(at: place)
            self = slots.count == 1 ? .one(slots[0]) : .few(slots)
        case .many(var containers):
            let index = Int(slot >> 16)
            guard index < containers.count else { return }
            self = .none
            containers[index].remove(UInt16(truncatingIfNeeded: slot))
            self = .many(containers)
            // Half of the limit, so that a set at the limit does not change its form with each slot.
            if count <= Self.fewLimit / 2 { self = .few(slots) }
        }
    }

    /// Calls the closure with each slot in ascending order.
    func forEach(_ body: (UInt32) -> Void) {
        switch self {
        case .none: break
        case .one(let only): body(only)
        case .few(let slots): slots.forEach(body)
        case .many(let containers):
            for (index, container) in containers.enumerated() {
                container.forEach { body(UInt32(index) << 16 | UInt32($0)) }
            }
        }
    }

    /// The slots in ascending order.
    var slots: [UInt32] {
        var slots: [UInt32] = []
        forEach { slots.append($0) }
        return slots
    }

    /// Adds the slots to a set of nodes.
    func insert(into nodes: inout NodeSet) {
        switch self {
        case .none: break
        case .one(let only): nodes.insert(only)
        case .few(let slots): for slot in slots { nodes.insert(slot) }
        case .many(let containers):
            for (index, container) in containers.enumerated() { container.insert(into: &nodes, from: index << 16) }
        }
    }

    /// How many bytes of memory the set takes beside itself.
    var byteCount: Int {
        switch self {
        case .none, .one: 0
        case .few(let slots): 32 + slots.capacity * 4
        case .many(let containers):
            containers.reduce(32 + containers.capacity * MemoryLayout<SlotContainer>.stride) { $0 + $1.byteCount }
        }
    }
}

/// Which of 65,536 slots are in a set.
enum SlotContainer: Sendable {
    /// Ascending.
    case sparse([UInt16])
    /// A bit for each, and how many are set.
    case dense([UInt64], Int)

    /// How many slots take no more memory as an array than as bits.
    static let sparseLimit = 4096

    var count: Int {
        switch self {
        case .sparse(let slots): slots.count
        case .dense(_, let count): count
        }
    }

    @inline(__always)
    func contains(_ slot: UInt16) -> Bool {
        switch self {
        case .sparse(let slots):
            let place = slots.place(of: slot)
            return place < slots.count && slots[place] == slot
        case .dense(let words, _): return words[Int(slot >> 6)] >> UInt64(slot & 63) & 1 == 1
        }
    }

    mutating func insert(_ slot: UInt16) -> Bool {
        switch self {
        case .sparse(var slots):
            let place = slots.place(of: slot)
            guard place == slots.count || slots[place] != slot else { return false }
            self = .sparse([])
            slots.insert(slot, at: place)
            self = slots.count <= Self.sparseLimit ? .sparse(slots) : .dense(Self.words(slots), slots.count)
        case .dense(var words, let count):
            let bit: UInt64 = 1 << UInt64(slot & 63)
            guard words[Int(slot >> 6)] & bit == 0 else { return false }
            self = .sparse([])
            words[Int(slot >> 6)] |= bit
            self = .dense(words, count + 1)
        }
        return true
    }

    mutating func remove(_ slot: UInt16) {
        guard contains(slot) else { return }
        switch self {
        case .sparse(var slots):
            self = .sparse([])
            slots.remove(at: slots.place(of: slot))
            self = .sparse(slots)
        case .dense(var words, let count):
            self = .sparse([])
            words[Int(slot >> 6)] &= ~(1 << UInt64(slot & 63))
            self = .dense(words, count - 1)
            // Half of the limit, so that a container at the limit does not change its form with each slot.
            if count - 1 <= Self.sparseLimit / 2 { self = .sparse(slots) }
        }
    }

    private static func words(_ slots: [UInt16]) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: 1024)
        for slot in slots { words[Int(slot >> 6)] |= 1 << UInt64(slot & 63) }
        return words
    }

    /// Calls the closure with each slot in ascending order.
    func forEach(_ body: (UInt16) -> Void) {
        switch self {
        case .sparse(let slots): slots.forEach(body)
        case .dense(let words, _):
            for (index, word) in words.enumerated() {
                var rest = word
                while rest != 0 {
                    body(UInt16(index << 6 | rest.trailingZeroBitCount))
                    rest &= rest &- 1
                }
            }
        }
    }

    private var slots: [UInt16] {
        var slots: [UInt16] = []
        slots.reserveCapacity(count)
        forEach { slots.append($0) }
        return slots
    }

    func insert(into nodes: inout NodeSet, from first: Int) {
        switch self {
        case .sparse(let slots): for slot in slots { nodes.insert(UInt32(first | Int(slot))) }
        case .dense(let words, _): nodes.insert(words: words, from: first >> 6)
        }
    }

    var byteCount: Int {
        switch self {
        case .sparse(let slots): slots.capacity == 0 ? 0 : 32 + slots.capacity * 2
        case .dense(let words, _): 32 + words.capacity * 8
        }
    }
}

extension Array where Element: Comparable {
    /// Where an element stands in an ascending array, or would have to be inserted.
    @inline(__always)
    func place(of element: Element) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) >> 1
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
