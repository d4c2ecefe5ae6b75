public import ChangeLog
import Core
public import Search
import Storage

/// The points of collections: their rows, and what the change log is told of them.
public struct Points: Sendable {
    /// How many points are read or written by one statement.
    static let chunk = 500
    /// What the change log names when the vectors of a point have changed.
    static let vectorsField = "vectors"

    /// What points were before.
    public let history = PointHistory()
    /// What was written and is not in the indexes yet.
    let written = WrittenPoints()

    private static let writtenColumns: SQL =
        "place, tenant, collection, version, payload, created_at, updated_at, expires_at, position, vectors"
    private static let restoredRows = Insertion(into: "points", writtenColumns)
    /// When somebody else has made a point meanwhile, the whole write runs again and finds it.
    private static let newRows = Insertion(into: "points", writtenColumns, hasNewKeys: true)

    /// Writes points: those that are there already are replaced as a whole.
    ///
    /// Each point is decided on by its own row, which is locked or is its key's first, so the transaction may be read
    /// committed. A serializable one would lose against whoever writes points whose keys are near.
    ///
    /// - parameters:
    ///   - drafts: points with different ids.
    ///   - check: is given each point that is replaced, and may refuse it.
    public func upsert(
        _ drafts: [PointDraft], into collection: PointCollection, in unit: UnitOfWork,
        replacing check: (Point) throws -> Void = { _ in }
    ) throws {
        for start in stride(from: 0, to: drafts.count, by: Self.chunk) {
            let chunk = drafts[start..<min(start + Self.chunk, drafts.count)]
            let old = try current(chunk.map(\.key), of: collection, in: unit)
            for draft in chunk { try old[draft.key].map(check) }
            let replacements = chunk.compactMap { draft in
                old[draft.key].map { old in
                    var new = old
                    (new.payload, new.expiresAt, new.vectors) = (draft.payload, draft.expiresAt, draft.vectors)
                    return Replacement(of: old, by: new, at: unit.now)
                }
            }
            try write(chunk.filter { old[$0.key] == nil }, replacements, into: collection, in: unit)
        }
    }

    /// Changes points that are there.
    ///
    /// - parameters:
    ///   - withVectors: whether the closure is given the vectors too.
    ///   - change: changes a point, or leaves it as it is. What it leaves is not written.
    /// - returns: how many were changed.
    @discardableResult
    public func update(
        _ keys: [PointKey], of collection: PointCollection, withVectors: Bool = false, in unit: UnitOfWork,
        _ change: (inout Point) throws -> Void
    ) throws -> Int {
        var count = 0
        for start in stride(from: 0, to: keys.count, by: Self.chunk) {
            let chunk = keys[start..<min(start + Self.chunk, keys.count)]
            let old = try current(chunk, of: collection, withVectors: withVectors, in: unit)
            var replacements: [Replacement] = []
            for point in chunk.compactMap({ old[$0] }) {
                var new = point
                try change(&new)
                let replacement = Replacement(of: point, by: new, at: unit.now)
                if !replacement.changed.isEmpty { replacements.append(replacement) }
            }
            try write([], replacements, into: collection, in: unit)
            count += replacements.count
        }
        return count
    }

    /// Deletes points.
    ///
    /// - parameters:
    ///   - withVectors: whether the closure is given the vectors too.
    ///   - fate: what becomes of what they were.
    ///   - isWanted: is asked of each once more, as it is for the unit of work.
    /// - returns: how many there were.
    @discardableResult
    public func delete(
        _ keys: [PointKey], of collection: PointCollection, withVectors: Bool = false,
        history fate: HistoryOnDelete = .keep, in unit: UnitOfWork,
        where isWanted: (Point) throws -> Bool = { _ in true }
    ) throws -> Int {
        var count = 0
        for start in stride(from: 0, to: keys.count, by: Self.chunk) {
            let chunk = keys[start..<min(start + Self.chunk, keys.count)]
            let points = try current(chunk, of: collection, withVectors: withVectors, in: unit).values
                .filter(isWanted).sorted { $0.key < $1.key }
            guard !points.isEmpty else { continue }
            var gone: [WrittenPoints.Entry] = []
            for point in points {
                let entity = Point.entity(point.key, in: collection.number)
                try unit.recordDelete(Point.entityType, entity, before: point.image(in: collection, entity))
                gone.append(.init(collection: collection, entity: entity, outcome: .gone(point.key)))
            }
            written.note(gone, in: unit.transaction)
            switch fate {
            case .keep where collection.definition.keepsHistory:
                try history.keep(points, of: collection, until: unit.latestPosition(), in: unit)
            case .keep, .leave: break
            case .forget: try history.forget(points.map(\.key), of: collection, in: unit)
            }
            try unit.transaction.execute(
                "DELETE FROM points AS p WHERE " + PointPlace.isAny(of: points.map(\.key), in: collection.number))
            count += points.count
        }
        return count
    }

    /// Deletes points that an index has found by a filter and that still fit it.
    ///
    /// - parameter fate: what becomes of what they were.
    /// - returns: how many there were.
    @discardableResult
    public func delete(
        _ keys: [PointKey], matching filter: PayloadFilter, of collection: PointCollection,
        history fate: HistoryOnDelete = .keep, in unit: UnitOfWork
    ) throws -> Int {
        try delete(keys, of: collection, withVectors: filter.asksForVectors, history: fate, in: unit) {
            try $0.matches(filter, in: collection)
        }
    }

    /// Changes points that an index has found by a filter and that still fit it. The closure is given the vectors too.
    ///
    /// - returns: how many were changed.
    @discardableResult
    public func update(
        _ keys: [PointKey], matching filter: PayloadFilter, of collection: PointCollection, in unit: UnitOfWork,
        _ change: (inout Point) throws -> Void
    ) throws -> Int {
        try update(keys, of: collection, withVectors: true, in: unit) { point in
            if try point.matches(filter, in: collection) { try change(&point) }
        }
    }

    /// Tells the log of points that are new or changed, and writes their rows, which note the position of that.
    private func write(
        _ drafts: [PointDraft], _ replacements: [Replacement], into collection: PointCollection, in unit: UnitOfWork
    ) throws {
        var entries: [WrittenPoints.Entry] = []
        for draft in drafts {
            let point = Point(draft, at: unit.now)
            let entity = Point.entity(draft.key, in: collection.number)
            try unit.recordInsert(Point.entityType, entity, after: point.image(in: collection, entity))
            entries.append(.init(collection: collection, entity: entity, outcome: .there(point)))
        }
        for change in replacements {
            let entity = Point.entity(change.old.key, in: collection.number)
            try unit.recordUpdate(
                Point.entityType, entity, before: change.old.image(in: collection, entity),
                after: change.new.image(in: collection, entity), changed: change.changed)
            var point = change.new
            if !change.changed.contains(Self.vectorsField) { point.vectors = nil }
            entries.append(.init(collection: collection, entity: entity, outcome: .there(point)))
        }
        written.note(entries, in: unit.transaction)
        // Asking for the position costs a round trip on PostgreSQL.
        let position = collection.definition.keepsHistory ? try unit.latestPosition() : .start
        if collection.definition.keepsHistory {
            try history.keep(replacements.map(\.old), of: collection, until: position, in: unit)
        }
        try insert(drafts, at: position, into: collection, in: unit)
        for change in replacements { try update(change, at: position, of: collection, in: unit) }
    }

    private func insert(
        _ drafts: [PointDraft], at position: LogPosition, into collection: PointCollection, in unit: UnitOfWork
    ) throws {
        guard !drafts.isEmpty else { return }
        let (tenant, number) = (unit.tenant.sqlValue, SQLValue.integer(collection.number))
        var values: [SQLValue] = []
        // Two who insert the same points wait for each other in one order, and not in a circle.
        for draft in drafts.sorted(by: { $0.key < $1.key }) {
            values += [
                PointPlace(draft.key, in: collection.number).sqlValue, tenant, number, .integer(1),
                .utf8(draft.payload), unit.now.sqlValue, unit.now.sqlValue, draft.expiresAt.sqlValue,
                .integer(position.value), .bytes(draft.vectors.bytes),
            ]
        }
        try unit.transaction.insert(Self.newRows, values)
    }

    /// Writes points as they once were under a number that no collection has yet. The log is not told of them.
    func restore(_ restored: [Point], to number: Int64, of tenant: Tenant, in transaction: any WriteTransaction) throws
    {
        // What it was before is not known of: its history begins here.
        let position = try ChangeLog.last(in: transaction)
        var values: [SQLValue] = []
        for point in restored {
            values += [
                PointPlace(point.key, in: number).sqlValue, tenant.sqlValue, .integer(number), .integer(point.version),
                .utf8(point.payload), point.createdAt.sqlValue, point.updatedAt.sqlValue, point.expiresAt.sqlValue,
                .integer(position.value), .bytes(point.vectors?.bytes ?? []),
            ]
        }
        try transaction.insert(Self.restoredRows, values)
    }

    private func update(
        _ change: Replacement, at position: LogPosition, of collection: PointCollection, in unit: UnitOfWork
    ) throws {
        let new = change.new
        var assignments: SQL = """
            version = \(new.version), payload = \(SQLValue.utf8(new.payload)), updated_at = \(unit.now),
            expires_at = \(new.expiresAt), position = \(position.value)\u{20}
            """
        if change.changed.contains(Self.vectorsField), let vectors = new.vectors {
            assignments += ", vectors = \(SQLValue.bytes(vectors.bytes)) "
        }
        try unit.transaction.enqueue(
            "UPDATE points AS p SET " + assignments + "WHERE " + PointPlace.isAny(of: [new.key], in: collection.number))
    }

    /// The points of some ids that are there, which nobody else changes until the commit.
    private func current(
        _ keys: some Swift.Collection<PointKey>, of collection: PointCollection, withVectors: Bool = false,
        in unit: UnitOfWork
    ) throws -> [PointKey: Point] {
        let transaction = unit.transaction
        let points = try find(
            Array(keys), of: collection, withVectors: withVectors, lock: transaction.rowLock(of: "p"), in: transaction)
        return Dictionary(uniqueKeysWithValues: points.map { ($0.key, $0) })
    }
}

extension Point {
    /// Whether a point that was read with its vectors fits a filter.
    fileprivate func matches(_ filter: PayloadFilter, in collection: PointCollection) throws -> Bool {
        let names = vectors?.elements.map { collection.definition.vectors[$0.place].name }
        return filter.matches(payload: try payloadObject(), id: key, vectorNames: Set(names ?? []))
    }
}

/// A point and what takes its place.
private struct Replacement {
    let old: Point
    let new: Point
    /// The members that differ, as the change log names them.
    let changed: [String]

    /// - parameter new: the point with what is to be different.
    init(of old: Point, by new: Point, at now: Timestamp) {
        var changed: [String] = []
        if new.payload != old.payload { changed.append("payload") }
        if new.expiresAt != old.expiresAt { changed.append("expires_at") }
        if let vectors = new.vectors, vectors != old.vectors { changed.append(Points.vectorsField) }
        self.old = old
        self.changed = changed
        self.new = new.written(at: now)
    }
}
