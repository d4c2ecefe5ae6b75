import ChangeLog
import Core
import Logging
import Search
import Storage
import Synchronization

/// How the indexes are made: from the tables, and from files as far as they are of use.
extension CollectionIndexes {
    /// Makes the indexes of all collections from the tables, and from the files as far as they are of use.
    func make(usingFiles: Bool) async throws {
        try await engines.check()
        let settled = try await log.settledEnd()
        let (found, last) = try await log.database.read { [collections] transaction in
            (try collections.all(in: transaction), try ChangeLog.last(in: transaction))
        }
        var made: [CollectionIndex] = []
        var position = settled
        var stored: [Int64: RestoredIndex] = [:]
        for collection in found {
            if usingFiles, let kept = try load(collection, notAfter: last) {
                stored[collection.number] = kept
                made.append(kept.index)
                position = min(position, kept.stored.position)
                continue
            }
            let (index, reached) = try await make(collection, usingFiles: usingFiles, at: settled)
            position = min(position, reached ?? settled)
            made.append(index)
        }
        try await restore(stored)
        for index in made {
            logger.info(
                "the index of a collection is made",
                metadata: ["collection": "\(index.collection.name)", "points": "\(index.count)"])
        }
        state.withLock { state in
            // What was to be made is made with these.
            state = State()
            for index in made { state.add(index) }
            state.isReady = true
        }
        builds.fire()
        // What is changed meanwhile is applied again, to what may be a later state already.
        applied.withLock { $0 = position }
    }

    /// The index of a collection as its files have it, without its points; nil when there are no files of use.
    ///
    /// - parameter last: where the log ends. Files that are ahead of it are of another log: a backup was restored. They
    ///   are deleted, since the log comes to their position one day.
    private func load(_ collection: PointCollection, notAfter last: LogPosition) throws -> RestoredIndex? {
        guard try CollectionIndex(collection, engines).elsewhere.isEmpty, let stored = files?.load(collection) else {
            return nil
        }
        guard stored.position <= last else {
            files?.remove(collection)
            return nil
        }
        return RestoredIndex(index: try CollectionIndex(collection, engines, stored), stored: stored)
    }

    /// Makes the index of a collection from what the engine beside this server has, or else from the tables.
    ///
    /// - returns: with it, up to where it has everything, if that is what was kept of it.
    private func make(
        _ collection: PointCollection, usingFiles: Bool, at last: LogPosition
    ) async throws -> (CollectionIndex, reached: LogPosition?) {
        let index = try CollectionIndex(collection, engines)
        let elsewhere = index.elsewhere
        let opened = elsewhere.isEmpty ? nil : try await openOwn(elsewhere, of: collection)
        if usingFiles, index.embedded.isEmpty, let reached = opened {
            try await forEachPage(of: collection, withVectors: false) { page in
                for point in page { try index.set(point) }
            }
            try await engines.adopt(index, at: reached)
            return (index, reached)
        }
        try await fill(index, at: last)
        return (index, nil)
    }

    /// Reads all points of a collection into its index.
    ///
    /// - parameter position: the points are as they were there, or later.
    func fill(_ index: CollectionIndex, at position: LogPosition) async throws {
        let elsewhere = index.elsewhere
        try await engines.open(elsewhere)
        try await forEachPage(of: index.collection, withVectors: true) { page in
            try await engines.send(page, of: index, at: position)
            for point in page { try index.set(point) }
        }
        guard !elsewhere.isEmpty else { return }
        try await engines.finishFilling(elsewhere, at: try await mark(at: position))
    }

    /// Reads the points of collections into their indexes, which have been read from files, without the vectors that
    /// the files have codes of: those are filled in later, and read by searches until then.
    private func restore(_ indexes: [Int64: RestoredIndex]) async throws {
        try await forEachStoredPage(of: indexes.values.map(\.index.collection), withVectors: false) { page in
            var unknown: [Int64: [PointKey]] = [:]
            for stored in page {
                guard let (index, files) = indexes[stored.collection].map({ ($0.index, $0.stored) }) else { continue }
                if index.restore(stored.point.key, stored.payload, files) { continue }
                unknown[stored.collection, default: []].append(stored.point.key)
            }
            for (number, keys) in unknown {
                guard let index = indexes[number]?.index else { continue }
                let rows = try await log.database.read { [points] transaction in
                    try points.find(keys, of: index.collection, withVectors: true, in: transaction)
                }
                for point in rows { try index.set(point) }
            }
        }
        for (index, stored) in indexes.values.map({ ($0.index, $0.stored) }) { index.endRestoring(stored) }
    }

    /// Reads the vectors that indexes do not have in memory yet since they were read from files.
    func fillVectors() async throws {
        let unfilled = all.filter { $0.embedded.contains { !$0.parameters.isOnDisk && $0.unfilledCount > 0 } }
        let indexes = Dictionary(uniqueKeysWithValues: unfilled.map { ($0.collection.number, $0) })
        try await forEachStoredPage(of: unfilled.map(\.collection), withVectors: true) { page in
            for stored in page { try indexes[stored.collection]?.fill(stored.point) }
        }
    }

    /// Reads all points of some collections, some at a time, in the order in which they lie in the table: that is how
    /// they are read fastest. The next are read while something is done with these.
    private func forEachStoredPage(
        of collections: [PointCollection], withVectors: Bool, _ body: ([StoredPoint]) async throws -> Void
    ) async throws {
        let order = StorageOrder(log.database.dialect)
        @Sendable func read(after last: SQLValue?) async throws -> [StoredPoint] {
            try await log.database.read { [points] transaction in
                try points.page(
                    of: collections, in: order, after: last, limit: Points.chunk, withVectors: withVectors,
                    transaction)
            }
        }
        guard !collections.isEmpty else { return }
        var page = try await read(after: nil)
        while let last = page.last {
            async let next = read(after: last.order)
            try await body(page)
            page = try await next
        }
    }

    /// Reads all points of a collection, some at a time. The next are read while something is done with these.
    func forEachPage(
        of collection: PointCollection, withVectors: Bool, _ body: ([Point]) async throws -> Void
    ) async throws {
        var page = try await page(of: collection, after: nil, withVectors: withVectors)
        while page.count >= Points.chunk, let last = page.last {
            async let next = self.page(of: collection, after: last.key, withVectors: withVectors)
            try await body(page)
            page = try await next
        }
        try await body(page)
    }

    private func page(
        of collection: PointCollection, after key: PointKey?, withVectors: Bool
    ) async throws -> [Point] {
        try await log.database.read { [points] transaction in
            try points.page(
                from: key, limit: Points.chunk + 1, of: collection, withVectors: withVectors, in: transaction
            ).filter { $0.key != key }
        }
    }
}

/// An index that was read from files, and what of that is still needed until its points are there.
private struct RestoredIndex {
    let index: CollectionIndex
    let stored: StoredIndexes
}
