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
    /// The vectors, as they are: searches leave out what is not in ``values``.
    let vectors: VectorIndex
    private var ids = ChunkedArray<String?>(empty: nil, shift: 8)
    private var slots: TreeDictionary<ExactText, UInt32> = [:]
    /// Beyond all slots.
    private(set) var limit: UInt32 = 0

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
    var all: NodeSet { values.slots }

    /// Whether there is an element at a slot.
    func isThere(_ slot: UInt32) -> Bool { values.slots.contains(slot) }

    /// The slot of an element, or nil when it was never heard of.
    func slot(of id: String) -> UInt32? { slots[ExactText(id)] }

    /// The id of the element at a slot.
    func id(_ slot: UInt32) -> String { ids[Int(slot)] ?? "" }

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
    mutating func set(_ payload: JSONObject, at slot: UInt32) { values.set(payload, at: slot) }

    /// Forgets an element. Its slot stays its own, for when it is made again.
    mutating func remove(_ slot: UInt32) {
        values.remove(slot)
        vectors.remove(slot)
    }
}

extension ElementIndex: PointDirectory {
    func slot(of key: PointKey) -> UInt32? { nil }
    func slots(havingVector name: String) -> NodeSet? { nil }
}
