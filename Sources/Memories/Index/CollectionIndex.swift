import Core
import Search
import Synchronization

/// What the points of a collection are found by, in memory: derived from their rows.
///
/// One writer at a time changes it, who has the turn (``CollectionIndexes/turns``). Searches go by a ``Snapshot`` and
/// wait for nobody.
final class CollectionIndex: Sendable {
    /// What searches see: the payloads and points of one moment, and the vectors as they are.
    struct Snapshot {
        let collection: PointCollection
        let payloads: PayloadIndex
        let keys: ChunkedArray<PointKey?>
        /// By their places in the definition of the collection.
        let vectors: [any NearestVectors]

        /// The point at a slot, or nil when it is gone.
        func key(at slot: UInt32) -> PointKey? { keys[Int(slot)] }

        /// The names of the vectors that the point at a slot has.
        func vectorNames(at slot: UInt32) -> Set<String> {
            let names = zip(vectors, collection.definition.vectors).filter { $0.0.contains(slot) }.map(\.1.name)
            return Set(names)
        }
    }

    struct State {
        var collection: PointCollection
        var payloads = PayloadIndex()
        /// Fields that are being indexed: no filter uses them yet.
        var growing: PayloadIndex?
        var slots: SlotTable
        var vectors: [any NearestVectors]
        var changeCount = 0
    }

    /// How often it had been changed when it was as its files are.
    let restoredChangeCount: Int

    let state: Mutex<State>
    let engines: VectorEngines
    private let number: Int64

    /// The index of a collection that has no points yet.
    ///
    /// - parameters:
    ///   - stored: what its files have; its points are to be given by ``restore(_:_:)``.
    ///   - samples: vectors to which the codes are fitted, by their places; without any, the first ones that are
    ///     stored.
    init(
        _ collection: PointCollection, _ engines: VectorEngines, _ stored: StoredIndexes? = nil,
        samples: [[[Float]]] = []
    ) throws {
        self.engines = engines
        number = collection.number
        var payloads = PayloadIndex()
        for field in collection.definition.indexes { payloads.add(try field.field()) { _ in } }
        state = Mutex(
            State(
                collection: collection, payloads: payloads,
                slots: SlotTable(restoringBelow: stored?.slots.values.max().map { $0 + 1 } ?? 0),
                vectors: stored?.vectors
                    ?? collection.definition.vectors.indices.map { place in
                        engines.make(
                            collection, place, sample: samples.indices.contains(place) ? samples[place] : [])
                    }))
        restoredChangeCount = stored == nil ? -1 : 0
    }

    /// How often it was changed since it was made.
    var changeCount: Int { state.withLock { $0.changeCount } }

    /// The collection as this index has it.
    var collection: PointCollection { state.withLock { $0.collection } }

    /// How many points there are.
    var count: Int { state.withLock { $0.slots.count } }

    /// The indexes of the vectors by their places.
    var vectors: [any NearestVectors] { state.withLock { $0.vectors } }

    /// Those of this server.
    var embedded: [VectorIndex] { vectors.compactMap { $0 as? VectorIndex } }

    /// Those that an engine beside this server has.
    var elsewhere: [EngineVectors] { vectors.compactMap { $0 as? EngineVectors } }

    // MARK: Searching

    /// Gives a closure what there is. What it finds at a slot during that time is the point that was there.
    func search<T>(_ body: (Snapshot) throws -> T) rethrows -> T {
        let (snapshot, began) = state.withLock { state in
            (
                Snapshot(
                    collection: state.collection, payloads: state.payloads, keys: state.slots.keys,
                    vectors: state.vectors),
                state.slots.beginSearch()
            )
        }
        defer { state.withLock { $0.slots.endSearch(began) } }
        return try body(snapshot)
    }

    /// The slots of some points that are there.
    func slots(of keys: [PointKey]) -> [UInt32] {
        state.withLock { state in keys.compactMap { state.slots.slot(of: $0) } }
    }

    /// The points whose slots a closure wants.
    func keys(where isWanted: (UInt32) -> Bool) -> [PointKey] {
        state.withLock { $0.slots.all }.compactMap { isWanted($0.value) ? $0.key : nil }
    }

    /// The point that is at a slot now, or nil when it is gone.
    func key(at slot: UInt32) -> PointKey? { state.withLock { $0.slots.key(at: slot) } }

    // MARK: Restoring

    /// Takes over a point that the files have too, before anybody searches.
    ///
    /// - returns: false when they do not have it: it is to be taken over with its vectors by ``set(_:)``.
    func restore(_ key: PointKey, _ payload: JSONObject, _ stored: StoredIndexes) -> Bool {
        guard let slot = stored.slots[Point.number(key, in: number)] else { return false }
        state.withLock { state in
            state.slots.restore(key, at: slot)
            state.payloads.set(payload, at: slot)
        }
        return true
    }

    /// Brings the vectors of a point into memory that the files had only codes of, unless newer ones are there.
    func fill(_ point: Point) throws {
        guard let slot = slot(of: point.key), let stored = point.vectors else { return }
        for (place, index) in vectors.enumerated() {
            if let components = stored[place] { try (index as? VectorIndex)?.fill(components, label: slot) }
        }
    }

    /// Forgets what the files have of points that are gone.
    func endRestoring(_ stored: StoredIndexes) {
        let (gone, vectors) = state.withLock { state in
            let gone = stored.slots.values.filter { state.slots.key(at: $0) == nil }
            state.slots.endRestoring()
            return (gone, state.vectors)
        }
        for slot in gone {
            for index in vectors { index.remove(slot) }
        }
    }

    // MARK: Writing

    /// Takes over a point as it is in the tables.
    ///
    /// - parameter point: with its vectors when they may have changed.
    func set(_ point: Point) throws {
        let payload = try point.payloadObject()
        let (slot, vectors) = state.withLock { state in
            let slot = state.slots.assign(point.key)
            return (slot, state.vectors)
        }
        if let stored = point.vectors {
            for (place, index) in vectors.enumerated() {
                if let components = stored[place] {
                    try index.set(components, label: slot)
                } else {
                    index.remove(slot)
                }
            }
        }
        state.withLock { state in
            state.payloads.set(payload, at: slot)
            state.growing?.set(payload, at: slot)
            state.changeCount += 1
        }
    }

    /// Forgets a point.
    func remove(_ key: PointKey) {
        let found = state.withLock { state in state.slots.slot(of: key).map { ($0, state.vectors) } }
        guard let (slot, vectors) = found else { return }
        for index in vectors { index.remove(slot) }
        state.withLock { state in
            state.payloads.remove(slot)
            state.growing?.remove(slot)
            state.slots.remove(key)
            state.changeCount += 1
        }
    }
}

extension VectorIndex {
    /// An empty index of what a collection has under one name.
    convenience init(defined definition: VectorDefinition) { self.init(definition.parameters) }
}

extension CollectionIndex: PointDirectory {
    func slot(of key: PointKey) -> UInt32? { state.withLock { $0.slots.slot(of: key) } }

    func slots(havingVector name: String) -> NodeSet? { nil }
}

extension VectorDefinition {
    /// How its index is made.
    var parameters: VectorIndexParameters {
        VectorIndexParameters(
            dimensions: size, metric: metric, m: m, efConstruction: efConstruction, isOnDisk: isOnDisk)
    }
}
