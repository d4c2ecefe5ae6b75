import ChangeLog
import Core
import Logging
import Search
import Storage
import Synchronization

/// The indexes of all collections of all tenants: a projection of the change log into memory.
final class CollectionIndexes: Projection {
    /// What a collection is called, and whose it is.
    struct Name: Hashable {
        let tenant: Tenant
        /// By its bytes, as in the table: there are collections whose names Swift takes for the same text.
        let name: ExactText

        init(tenant: Tenant, name: String) {
            self.tenant = tenant
            self.name = ExactText(name)
        }
    }

    struct State {
        /// Collections whose indexes are to be made anew.
        var unfit: Set<Int64> = []
        /// What is being made in the place of one of them.
        var replacement: IndexReplacement?
        /// Collections with fields that are to be indexed, and the positions of the changes that want it.
        var unindexed: [Int64: Set<LogPosition>] = [:]
        var byName: [Name: CollectionIndex] = [:]
        var byNumber: [Int64: CollectionIndex] = [:]
        var isReady = false
    }

    let name = "collections"
    let types: Set<String>? = [PointCollection.entityType, Point.entityType]

    let log: ChangeLog
    let collections: Collections
    let points: Points
    let files: IndexFiles?
    /// Who finds their vectors.
    let engines: VectorEngines
    let logger: Logger
    let state = Mutex(State())
    let applied = Mutex<LogPosition?>(nil)
    /// Who writes into indexes.
    let turns = Turns()
    /// Tells of indexes that are to be made, and of those that are.
    let builds = ChangeSignal()

    /// - parameter files: where they are kept over a restart; nil is nowhere.
    init(
        _ log: ChangeLog, _ collections: Collections, _ points: Points,
        _ engines: VectorEngines = .embedded, files: IndexFiles? = nil, logger: Logger = Logger(label: "memories")
    ) {
        self.log = log
        self.engines = engines
        self.files = files
        self.logger = logger
        self.collections = collections
        self.points = points
    }

    /// The index of a collection, or nil when there is none.
    func find(_ name: String, of tenant: Tenant) -> CollectionIndex? {
        state.withLock { $0.byName[Name(tenant: tenant, name: name)] }
    }

    /// All of them.
    var all: [CollectionIndex] { state.withLock { Array($0.byNumber.values) } }

    /// Whether they have been made.
    var isReady: Bool { state.withLock { $0.isReady } }

    // MARK: Following the log

    /// Everything up to there is in the indexes; nil before they are made.
    var appliedPosition: LogPosition? { applied.withLock { $0 } }

    var isUsable: Bool { unfitElsewhere.isEmpty }

    /// Indexes to be made anew whose sets of vectors are elsewhere: those that are searched have the same sets, so
    /// nobody can go on in them.
    private var unfitElsewhere: [CollectionIndex] {
        state.withLock { state in
            state.unfit.compactMap { state.byNumber[$0] }.filter { !$0.elsewhere.isEmpty }
        }
    }

    /// Has the index of a collection made anew.
    func remake(_ number: Int64) {
        state.withLock { state in
            if state.byNumber[number] != nil { state.unfit.insert(number) }
        }
        builds.fire()
    }

    /// Whether the index of a collection is to be made anew, or is being made.
    func isRemaking(_ number: Int64) -> Bool { state.withLock { $0.unfit.contains(number) } }

    func position() async throws -> LogPosition? {
        if let position = appliedPosition {
            try await remakeElsewhere()
            return position
        }
        guard files != nil || engines.external != nil else { return nil }
        try await turns.take { try await make(usingFiles: true) }
        return appliedPosition
    }

    func rebuild() async throws { try await turns.take { try await make(usingFiles: false) } }

    private func remakeElsewhere() async throws {
        for old in unfitElsewhere {
            let made = try CollectionIndex(old.collection, engines, samples: try await samples(of: old))
            try await turns.take {
                try await fill(made, at: appliedPosition ?? .start)
                state.withLock { state in
                    state.add(made)
                    state.unfit.remove(old.collection.number)
                }
            }
        }
    }

    /// Vectors of any points of a collection that have some, by their places: what codes are fitted to.
    func samples(of index: CollectionIndex) async throws -> [[[Float]]] {
        let collection = index.collection
        var samples: [[[Float]]] = []
        for place in index.vectors.indices {
            let keys = index.search { snapshot in
                let slots = snapshot.payloads.slots.filter { snapshot.vectors[place].contains($0) }
                return Array(slots.compactMap { snapshot.key(at: $0) }.shuffled().prefix(Self.sampleCount))
            }
            let rows = try await log.database.read { [points] transaction in
                try points.find(keys, of: collection, withVectors: true, in: transaction)
            }
            samples.append(rows.compactMap { $0.vectors?[place] })
        }
        return samples
    }

    /// How many vectors codes are fitted to.
    private static let sampleCount = 1_000

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        var pending = PendingPoints()
        var written = points.written.take(changes.lazy.map(\.entity))
        // What clients tell under a type of ours, by events of their own, is nothing that was written.
        for change in changes where change.operation != .custom {
            if change.entityType == PointCollection.entityType {
                try await apply(pending, upTo: change.position)
                pending = PendingPoints()
                try await turns.take { try await applyToCollection(change) }
                builds.fire()
            } else {
                try pending.add(change, written.removeValue(forKey: change.entity))
            }
        }
        try await apply(pending, upTo: position)
        applied.withLock { $0 = position }
    }

    /// Brings points to the state that they have in the tables now, which may be later than their changes.
    private func apply(_ pending: PendingPoints, upTo position: LogPosition) async throws {
        for (name, items) in pending.items {
            for start in stride(from: 0, to: items.count, by: Points.chunk) {
                let chunk = items[start..<min(start + Points.chunk, items.count)]
                guard let index = try await turns.take({ try await apply(chunk, of: name, upTo: position) }) else {
                    break
                }
                await linkBacklog(of: index)
            }
        }
    }

    /// Brings points of one collection to their state.
    ///
    /// - returns: the index that has them now; nil when the collection is gone.
    private func apply(
        _ items: ArraySlice<PendingPoints.Item>, of name: Name, upTo position: LogPosition
    ) async throws -> CollectionIndex? {
        guard let index = state.withLock({ $0.byName[name] }) else { return nil }
        let (there, gone) = try await outcomes(of: items, in: index.collection)
        guard try await send(there, removing: gone, of: index, at: position) else { return nil }
        for point in there { try index.set(point) }
        for key in gone { index.remove(key) }
        if let replacement = state.withLock({ $0.replacement }), replacement.old === index {
            try await tell(replacement, there, gone)
        }
        return index
    }

    /// Tells an index that is being made of what has changed.
    private func tell(_ replacement: IndexReplacement, _ there: [Point], _ gone: [PointKey]) async throws {
        let unread = there.filter { !replacement.suffices($0) }.map(\.key)
        let rows = try await log.database.read { [points] transaction in
            try points.find(unread, of: replacement.made.collection, withVectors: true, in: transaction)
        }
        try replacement.follow(there.filter(replacement.suffices) + rows, removing: gone)
    }

    /// What points are now: as this server wrote them, or else as their rows have them.
    private func outcomes(
        of items: ArraySlice<PendingPoints.Item>, in collection: PointCollection
    ) async throws -> (there: [Point], gone: [PointKey]) {
        var (there, gone): ([Point], [PointKey]) = ([], [])
        var (full, light): ([PointKey], [PointKey]) = ([], [])
        for item in items {
            switch item.source {
            // One of a collection that had this name before tells nothing of this one.
            case .written(let entry) where entry.collection.number == collection.number:
                switch entry.outcome {
                case .there(let point): there.append(point)
                case .gone(let key): gone.append(key)
                }
            case .row(withVectors: false): light.append(item.key)
            case .written, .row: full.append(item.key)
            }
        }
        guard !full.isEmpty || !light.isEmpty else { return (there, gone) }
        let wanted = (full, light)
        let rows = try await log.database.read { [points] transaction in
            try points.find(wanted.0, of: collection, withVectors: true, in: transaction)
                + points.find(wanted.1, of: collection, in: transaction)
        }
        let found = Set(rows.map(\.key))
        gone += (full + light).filter { !found.contains($0) }
        return (there + rows, gone)
    }

    /// Links vectors as long as so many wait that searches, which look at each of them, would become slow. Writers wait
    /// for this, since a write is answered once it is applied.
    private func linkBacklog(of index: CollectionIndex) async {
        for vectors in index.embedded {
            while vectors.isBehind, vectors.linkSome(IndexLinker.turn) > 0 { await Task.yield() }
        }
    }

    /// Sends points to the engine that finds the vectors of their collection, if there is one.
    ///
    /// - returns: false when the collection is gone, which a later change tells of.
    /// - throws: ``Failure`` of the engine. When it has lost the collection, that is filled anew.
    private func send(
        _ rows: [Point], removing gone: [PointKey], of index: CollectionIndex, at position: LogPosition
    ) async throws -> Bool {
        do {
            try await engines.send(rows, removing: gone, of: index, at: position)
            return true
        } catch let failure as Failure where failure.code == "vector_set_missing" {
            let collection = index.collection
            let current = try await log.database.read { [collections] transaction in
                try collections.find(collection.name, of: collection.tenant, in: transaction)
            }
            // Another server on the same tables may have heard of its end before.
            guard current?.id == collection.id else { return false }
            remake(collection.number)
            throw failure
        }
    }

    /// Brings a collection to the state that it has in the tables now.
    private func applyToCollection(_ change: Change) async throws {
        guard case .object(let image) = try JSONParser.parse(change.after ?? change.before ?? []),
            case .string(let name) = image["name"]
        else { throw Failure.internal("A change of a collection has no image.") }
        let tenant = change.tenant
        let current = try await log.database.read { [collections] transaction in
            try collections.find(name, of: tenant, in: transaction)
        }
        let index = find(name, of: tenant)
        guard let current else {
            guard let index else { return }
            try await engines.external?.drop(index.collection)
            state.withLock { $0.remove(index) }
            return
        }
        if let index, index.collection.id == current.id {
            try await openNew(current, index)
            let hasNewFields = try index.redefine(current)
            state.withLock { state in
                state.forgetReplacement(of: index)
                if hasNewFields {
                    state.unindexed[current.number, default: []].insert(change.position)
                } else {
                    state.unindexed[current.number] = nil
                }
            }
            return
        }
        // Searches go on in what there was, until there is something to go on in.
        let made = try CollectionIndex(current, engines)
        try await fill(made, at: appliedPosition ?? .start)
        state.withLock { state in
            if let index { state.remove(index) }
            state.add(made)
        }
        if let index { try await engines.external?.drop(index.collection) }
    }

    /// Makes the sets of vectors that a collection has under new names.
    private func openNew(_ collection: PointCollection, _ index: CollectionIndex) async throws {
        let made = collection.definition.vectors.indices.dropFirst(index.vectors.count).compactMap { place in
            engines.make(collection, place) as? EngineVectors
        }
        guard !made.isEmpty else { return }
        try await engines.open(made)
        try await engines.finishFilling(made, at: try await mark(at: appliedPosition ?? .start))
    }
}

extension CollectionIndexes.State {
    mutating func add(_ index: CollectionIndex) {
        let collection = index.collection
        byName[CollectionIndexes.Name(tenant: collection.tenant, name: collection.name)] = index
        byNumber[collection.number] = index
    }

    fileprivate mutating func remove(_ index: CollectionIndex) {
        let collection = index.collection
        byName[CollectionIndexes.Name(tenant: collection.tenant, name: collection.name)] = nil
        byNumber[collection.number] = nil
        unfit.remove(collection.number)
        unindexed[collection.number] = nil
        forgetReplacement(of: index)
    }

    /// Gives up what is being made in the place of an index.
    fileprivate mutating func forgetReplacement(of index: CollectionIndex) {
        if replacement?.old === index { replacement = nil }
    }
}
