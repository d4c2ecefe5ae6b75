/// Slots that a condition lets through: told one by one, or all together.
protocol SlotSource {
    /// About how many there are.
    var estimate: Int { get }
    /// About how long it takes to tell all, in nanoseconds.
    var cost: Int { get }
    /// About how long it takes to ask for one, in nanoseconds.
    var testCost: Int { get }
    /// Whether a slot is among them.
    func contains(_ slot: UInt32) -> Bool
    /// Adds all of them to a set.
    func insert(into nodes: inout NodeSet)
    /// Keeps those of a set that are among them.
    func narrow(_ nodes: inout NodeSet)
    /// All of them.
    func all() -> NodeSet
    /// All of them in ascending order, if they are few and known as that; else nil.
    var few: [UInt32]? { get }
}

extension SlotSource {
    /// Whether so many slots are better asked one by one than met with all that there are.
    func isBetterAsked(_ count: Int) -> Bool { count * testCost <= cost + 1_000 }

    /// About how long it takes to narrow so many slots, in nanoseconds.
    func costAfter(_ count: Int) -> Int { min(count * testCost, cost + 1_000) }

    var few: [UInt32]? { nil }

    func narrow(_ nodes: inout NodeSet) { nodes.keep { contains($0) } }

    func all() -> NodeSet {
        var nodes = NodeSet()
        insert(into: &nodes)
        return nodes
    }
}

/// The slots of one value.
struct PostingSource: SlotSource {
    let slots: SlotSet
    let estimate: Int

    init(_ slots: SlotSet) {
        self.slots = slots
        estimate = slots.count
    }

    var cost: Int {
        if case .many(let containers) = slots { min(estimate, containers.count * 500) } else { estimate + 20 }
    }
    var testCost: Int { 10 }
    var few: [UInt32]? {
        if case .many = slots { nil } else { slots.slots }
    }
    func contains(_ slot: UInt32) -> Bool { slots.contains(slot) }
    func insert(into nodes: inout NodeSet) { slots.insert(into: &nodes) }
}

/// The slots where a word stands.
struct WordSource: SlotSource {
    let postings: WordPostings

    var estimate: Int { postings.count }
    var cost: Int { postings.count + 20 }
    var testCost: Int { 30 }
    func contains(_ slot: UInt32) -> Bool { postings.entry(of: slot) != nil }
    func insert(into nodes: inout NodeSet) { postings.insert(into: &nodes) }
}

/// Slots that are known as a set.
struct NodeSource: SlotSource {
    let nodes: NodeSet
    let estimate: Int

    init(_ nodes: NodeSet, count: Int? = nil) {
        self.nodes = nodes
        estimate = count ?? nodes.count
    }

    var cost: Int { nodes.words.count }
    var testCost: Int { 2 }
    func contains(_ slot: UInt32) -> Bool { nodes.contains(slot) }
    func insert(into nodes: inout NodeSet) { nodes.formUnion(self.nodes) }
    func all() -> NodeSet { nodes }
    func narrow(_ nodes: inout NodeSet) { nodes.formIntersection(self.nodes) }
}

/// The slots whose number is within bounds.
struct RangeSource: SlotSource {
    let numbers: NumberColumn
    let range: ClosedRange<Int64>
    let estimate: Int

    init(_ numbers: NumberColumn, _ range: ClosedRange<Int64>) {
        self.numbers = numbers
        self.range = range
        estimate = numbers.estimate(range)
    }

    var cost: Int { numbers.column.first.capacity }
    var testCost: Int { 5 }
    func contains(_ slot: UInt32) -> Bool { numbers.contains(slot, in: range) }
    func insert(into nodes: inout NodeSet) { numbers.insert(into: &nodes, in: range) }
}

/// The slots whose place is in an area.
struct GeoSource: SlotSource {
    let places: SlotColumn<GeoPoint>
    let shape: GeoShape
    let estimate: Int

    /// How many slots are looked at for the estimate.
    private static let samples = 64

    init(_ places: SlotColumn<GeoPoint>, _ shape: GeoShape) {
        self.places = places
        self.shape = shape
        let step = max(1, places.first.capacity / Self.samples)
        var hits = 0
        for slot in stride(from: 0, to: places.first.capacity, by: step) {
            if places.any(UInt32(slot), shape.contains) { hits += 1 }
        }
        estimate = min(places.count, max(1, hits) * step)
    }

    var cost: Int { places.first.capacity * 5 + estimate * testCost }
    var testCost: Int { 40 }
    func contains(_ slot: UInt32) -> Bool { places.any(slot, shape.contains) }

    func insert(into nodes: inout NodeSet) {
        places.first.forEachChunk { start, chunk in
            for (offset, place) in chunk.enumerated() where !place.isNone && shape.contains(place) {
                nodes.insert(UInt32(start + offset))
            }
        }
        places.forEachOfSeveral { slot, places in
            if places.contains(where: shape.contains) { nodes.insert(slot) }
        }
    }
}

/// The slots with a value that passes a test. All distinct values are tested when all slots are told.
struct KeywordSource: SlotSource {
    let values: ValueIndex<Keyword>
    let testCost: Int
    let test: (Keyword) -> Bool

    var estimate: Int { values.slotCount }
    var cost: Int { values.distinctCount * testCost + values.slotCount }
    func contains(_ slot: UInt32) -> Bool { values.any(slot, test) }

    func insert(into nodes: inout NodeSet) {
        values.forEach { key, slots in
            if test(key) { slots.insert(into: &nodes) }
        }
    }
}
