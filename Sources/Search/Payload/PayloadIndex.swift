public import Core

/// The values of indexed payload fields by slot, in memory.
///
/// A value with one writer: the writer changes its own variable, and gives a copy of it to searches after each batch.
/// Copying takes no time; a change after it copies the few small chunks in which something changes. A copy stays as it
/// is, for as long as anybody holds it.
///
///     var index = PayloadIndex()
///     index.add(PayloadField(try PayloadPath("user_id"), .integer)) { fill in … }
///     index.set(payload, at: slot)
///     let plan = index.plan(filter, points: directory)
public struct PayloadIndex: Sendable {
    var indexes: [FieldIndex] = []
    private(set) var live = NodeSet()
    /// How many points there are.
    public private(set) var count = 0

    /// An index of no fields and no points.
    public init() {}

    /// The fields that are indexed.
    public var fields: [PayloadField] { indexes.map(\.field) }

    /// How many points have a value of a field that is indexed; nil when the field is not.
    public func count(of path: PayloadPath) -> Int? { index(of: path)?.count }

    /// The slots of all points.
    public var slots: NodeSet { live }

    /// How many bytes of memory the values take, about. It looks at each distinct value, so it takes milliseconds where
    /// those are many.
    public var byteCount: Int { indexes.reduce(live.byteCount) { $0 + $1.byteCount } }

    /// Takes in the payload of a new point, or the new one of a point that is there.
    public mutating func set(_ payload: JSONObject, at slot: UInt32) {
        // A look first: even a change that changes nothing would copy what a search holds.
        if !live.contains(slot) {
            live.insert(slot)
            count += 1
        }
        for place in indexes.indices { indexes[place].set(payload, at: slot) }
    }

    /// Forgets a point.
    public mutating func remove(_ slot: UInt32) {
        guard live.contains(slot) else { return }
        live.remove(slot)
        count -= 1
        for place in indexes.indices { indexes[place].set(nil, at: slot) }
    }

    /// Indexes a field. An index of the same path gives way.
    ///
    /// - parameter fill: calls what it is given with each slot and its payload, in any order. Slots that it leaves out
    ///   have no value of this field until they are set, and those of no point are passed over.
    public mutating func add(
        _ field: PayloadField, filling fill: ((UInt32, JSONObject) -> Void) throws -> Void
    ) rethrows {
        var index = FieldIndex(field)
        let live = live
        try fill { slot, payload in
            if live.contains(slot) { index.set(payload, at: slot) }
        }
        drop(field.path)
        indexes.append(index)
    }

    /// Drops the index of a field.
    ///
    /// - returns: whether there was one.
    @discardableResult
    public mutating func drop(_ path: PayloadPath) -> Bool {
        let before = indexes.count
        indexes.removeAll { $0.field.path == path }
        return indexes.count < before
    }

    /// Takes over the indexes of another value that has the same points. Those of the same paths give way.
    public mutating func adopt(_ other: PayloadIndex) {
        for index in other.indexes {
            drop(index.field.path)
            indexes.append(index)
        }
    }

    func index(of path: PayloadPath) -> FieldIndex? { indexes.first { $0.field.path == path } }
}
