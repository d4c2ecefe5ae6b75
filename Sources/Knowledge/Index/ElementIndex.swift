import Core
import HashTreeCollections
import Search

/// What the elements of one kind of a tenant are found by, in memory: a value that searches hold as it was.
///
/// An element has a slot, a small number by which indexes know it. It keeps it as long as it is there, and no other
/// gets it afterwards.
struct ElementIndex: Sendable {
    /// What filters ask for, and the words.
    private(set) var values: PayloadIndex
    /// The attributes.
    private(set) var attributes = AttributeIndex()
    /// The vectors, as they are: searches leave out what is not in ``values``.
    let vectors: VectorIndex
    private var ids = ChunkedArray<String?>(empty: nil, shift: 8)
    private var slots: TreeDictionary<ExactText, UInt32> = [:]
    /// Beyond all slots.
    private(set) var limit: UInt32 = 0
    /// The slots of the elements that there are in the graph of a moment long ago; nil where all are.
    private(set) var visible: NodeSet?
    /// In which order ids come.
    var order = IdentifierOrder()
    /// The vectors of a moment long ago that are not so any more.
    private var past: PastVectors?

    /// An index of no elements.
    ///
    /// - parameters:
    ///   - fields: the members that filters ask for.
    ///   - dimensions: how many components vectors have.
    init(_ fields: [PayloadField], dimensions: Int) {
        values = PayloadIndex()
        for field in fields { values.add(field) { _ in } }
        vectors = VectorIndex(VectorIndexParameters(dimensions: dimensions, metric: .cosine))
    }

    /// How many elements there are.
    var count: Int { values.count }

    /// The slots of all elements.
    var all: NodeSet { visible ?? values.slots }

    /// Whether there is an element at a slot.
    func isThere(_ slot: UInt32) -> Bool { visible?.contains(slot) ?? values.slots.contains(slot) }

    /// The slot of an element, or nil when it was never heard of.
    func slot(of id: String) -> UInt32? { slots[ExactText(id)] }

    /// The id of the element at a slot.
    func id(_ slot: UInt32) -> String { ids[Int(slot)] ?? "" }

    /// Whether the id at a slot comes before that at another one.
    @inline(__always)
    func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
        if let left = order.rank(of: left), let right = order.rank(of: right) { return left < right }
        return id(left) < id(right)
    }

    /// The order of ids.
    var slotOrder: SlotOrder { SlotOrder(ranks: order.ranks) { isBefore($0, $1) } }

    /// Distinct slots in the order of their ids.
    func sorted(_ slots: [UInt32]) -> [UInt32] { first(slots.count, of: slots) }

    /// The first few of distinct slots in the order of their ids.
    func first(_ count: Int, of slots: [UInt32]) -> [UInt32] {
        guard count > 0 else { return [] }
        var known: [UInt32] = []
        var late: [UInt32] = []
        known.reserveCapacity(slots.count)
        for slot in slots {
            if let rank = order.rank(of: slot) { known.append(rank) } else { late.append(slot) }
        }
        let first = Self.first(count, of: known, below: order.count).map { order.slot(at: $0) }
        return late.isEmpty ? first : Array((first + late).sorted(by: isBefore).prefix(count))
    }

    /// The first few of distinct numbers.
    private static func first(_ count: Int, of numbers: [UInt32], below limit: Int) -> [UInt32] {
        // A set of numbers has them in order: it costs one look at each 64 that there could be.
        guard numbers.count > limit / 8_192 else { return Array(numbers.sorted().prefix(count)) }
        var set = NodeSet()
        set.insert(below: UInt32(limit)) { set in
            for number in numbers { _ = set.insert(number) }
        }
        return set.first(min(count, numbers.count))
    }

    /// The slot of an element, which is given one if it has none.
    mutating func assign(_ id: String) -> UInt32 {
        if let slot = slot(of: id) { return slot }
        let slot = limit
        limit += 1
        slots[ExactText(id)] = slot
        ids.update(Int(slot)) { $0 = id }
        return slot
    }

    /// Takes over the values of an element.
    mutating func set(_ payload: JSONObject, _ attributes: JSONObject = JSONObject(), at slot: UInt32) {
        values.set(payload, at: slot)
        self.attributes.set(attributes, at: slot)
    }

    /// Forgets an element. Its slot stays its own, for when it is made again.
    mutating func remove(_ slot: UInt32) {
        values.remove(slot)
        attributes.set(JSONObject(), at: slot)
        vectors.remove(slot)
    }
}

extension ElementIndex {
    /// The vectors that are nearest to one, the nearest first, of elements that are there.
    func search(_ search: VectorSearch) throws -> [VectorHit] {
        guard let past else { return try vectors.search(search).filter { isThere($0.label) } }
        var unchanged = search
        unchanged.allowed = (search.allowed ?? all).subtracting(past.slots)
        let hits = try vectors.search(unchanged) + past.vectors.search(search)
        return Array(hits.filter { isThere($0.label) }.sorted { $0.score > $1.score }.prefix(search.k))
    }

    /// The vector of an element, if it has one.
    func vector(of slot: UInt32) throws -> [Float]? {
        if let past, past.slots.contains(slot) { return try past.vectors.vector(slot) }
        return try vectors.vector(slot)
    }

    /// Makes it that of a moment long ago: elements that were not known then are out of sight.
    ///
    /// - parameter embeddings: the vectors, or none, of the elements that have changed or gone since, by their slots.
    ///   What else these were has been taken over.
    mutating func revert(to moment: Timestamp, _ embeddings: [UInt32: [Float]?]) throws {
        let past = PastVectors(slots: NodeSet(embeddings.keys), vectors: VectorIndex(vectors.parameters))
        for (slot, embedding) in embeddings {
            if let embedding { try past.vectors.set(embedding, label: slot) }
        }
        self.past = past
        let known = PayloadCondition.field(IndexedFields.createdAt, .times(TimeRange(lte: moment)))
        visible = values.plan(PayloadFilter(must: [known]), points: self).nodes
    }
}

/// The vectors of elements that have changed or gone since.
private struct PastVectors: Sendable {
    /// The elements, with a vector or without one.
    let slots: NodeSet
    let vectors: VectorIndex
}

extension ElementIndex: PointDirectory {
    func slot(of key: PointKey) -> UInt32? { nil }
    func slots(havingVector name: String) -> NodeSet? { nil }
}
