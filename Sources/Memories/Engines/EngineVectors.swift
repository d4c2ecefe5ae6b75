import Core
import Search
import Synchronization
import Telemetry

/// The vectors of one name in a collection, which an engine beside this server finds.
///
/// Here is only which points have one, so that filters are decided here and the engine is asked for nothing else than
/// what is near.
final class EngineVectors: NearestVectors {
    let set: VectorSet
    private let engine: any VectorEngine
    private let metrics: EngineMetrics
    private let members = Mutex(Members())

    private struct Members {
        var slots = NodeSet()
        var count = 0
    }

    init(_ set: VectorSet, _ engine: any VectorEngine, _ metrics: EngineMetrics) {
        self.set = set
        self.engine = engine
        self.metrics = metrics
    }

    var count: Int { members.withLock { $0.count } }

    var unlinkedCount: Int { 0 }

    var isElsewhere: Bool { true }

    func contains(_ slot: UInt32) -> Bool { members.withLock { $0.slots.contains(slot) } }

    /// Notes that there is a vector. It has been sent to the engine before.
    func set(_: [Float], label: UInt32) { note(label) }

    /// Notes that a point has a vector in the engine.
    func note(_ slot: UInt32) {
        members.withLock { members in
            if members.slots.insert(slot) { members.count += 1 }
        }
    }

    @discardableResult
    func remove(_ slot: UInt32) -> Bool {
        members.withLock { members in
            guard members.slots.contains(slot) else { return false }
            members.slots.remove(slot)
            members.count -= 1
            return true
        }
    }

    // MARK: Searching

    /// The share of rows that a graph gives in vain is guessed; so many times more are asked for when it was too few.
    private static let growth = 4
    /// How many rows that the graph gives cost as much as one that is looked up by its id.
    private static let listedPerGraphRow = 8
    /// Fewer points than this are looked up by their ids, however many are wanted.
    private static let alwaysListed = 500
    /// The graph is asked for no more rows than this, unless more are wanted: comparing costs less then.
    private static let rowLimit = 10_000

    func search(_ search: VectorSearch, of points: SlotDirectory) throws -> [VectorHit] {
        let vector = try set.metric.prepare(search.vector, dimensions: set.size)
        let (slots, total) = members.withLock { ($0.slots, $0.count) }
        let allowed = search.allowed.map { $0.intersection(slots) }
        let count = allowed?.count ?? total
        let k = min(search.k, count)
        guard k > 0 else { return [] }
        var query = NearestQuery(vector: vector, limit: k, breadth: search.breadth, isExact: search.isExact)
        let hits: [VectorHit]
        if let allowed {
            let rows = k * total / count + k
            let isListed = search.isExact || count <= max(Self.alwaysListed, Self.listedPerGraphRow * rows)
            query.limit = min(rows, max(k, Self.rowLimit))
            hits =
                try isListed
                ? listed(query, k, allowed, points)
                : fromGraph(query, k, total, points) { allowed.contains($0) } ?? listed(query, k, allowed, points)
        } else {
            let found = try search.isExact ? nil : fromGraph(query, k, total, points) { _ in true }
            hits = try found ?? exact(query, k, points)
        }
        guard let threshold = search.scoreThreshold else { return hits }
        return hits.filter { set.metric.prefersGreaterScores ? $0.score >= threshold : $0.score <= threshold }
    }

    /// Compares the points that are allowed, by their ids.
    private func listed(
        _ query: NearestQuery, _ k: Int, _ allowed: NodeSet, _ points: SlotDirectory
    ) throws -> [VectorHit] {
        var query = query
        (query.limit, query.isExact, query.keys) = (k, true, allowed.compactMap(points.key))
        return try hits(ask(query), k, points) { _ in true }
    }

    /// Asks the graph of the engine for more and more rows until enough of them are allowed; nil when it has no more.
    private func fromGraph(
        _ query: NearestQuery, _ k: Int, _ total: Int, _ points: SlotDirectory, isAllowed: (UInt32) -> Bool
    ) throws -> [VectorHit]? {
        var query = query
        while true {
            let rows = try ask(query)
            let hits = hits(rows, k, points, isAllowed)
            if hits.count >= k { return hits }
            // The engine has given up before it came so far, or everything has been seen.
            let limit = max(k, Self.rowLimit)
            guard rows.count >= query.limit, query.limit < min(limit, Self.growth * total) else { return nil }
            query.limit = min(query.limit * Self.growth, limit)
        }
    }

    /// Compares all vectors, of which some may belong to points that are gone.
    private func exact(_ query: NearestQuery, _ k: Int, _ points: SlotDirectory) throws -> [VectorHit] {
        var query = query
        (query.limit, query.isExact) = (k, true)
        while true {
            let rows = try ask(query)
            let hits = hits(rows, k, points) { _ in true }
            if hits.count >= k || rows.count < query.limit { return hits }
            query.limit *= Self.growth
        }
    }

    /// The slots of rows, the nearest first: the graph may give them a little out of order.
    private func hits(
        _ rows: [NearestPoint], _ k: Int, _ points: SlotDirectory, _ isAllowed: (UInt32) -> Bool
    ) -> [VectorHit] {
        var hits: [VectorHit] = []
        for row in rows {
            if let slot = points.slot(row.key), isAllowed(slot) {
                hits.append(VectorHit(label: slot, score: row.score))
            }
        }
        let isGreaterBetter = set.metric.prefersGreaterScores
        hits.sort { isGreaterBetter ? $0.score > $1.score : $0.score < $1.score }
        return Array(hits.prefix(k))
    }

    private func ask(_ query: NearestQuery) throws -> [NearestPoint] {
        try metrics.measure(.search) { try engine.nearest(query, in: set) }
    }

    /// How many vectors are read from the table at a time.
    private static let chunk = 500

    /// Reads the vectors that are allowed from the table: questions about more than one vector are asked of no engine.
    func best(
        _ k: Int, among allowed: NodeSet?, of points: SlotDirectory, scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit] {
        let slots = members.withLock { $0.slots }
        let wanted = Array(allowed?.intersection(slots) ?? slots)
        var hits: [VectorHit] = []
        for start in stride(from: 0, to: wanted.count, by: Self.chunk) {
            let chunk = Array(wanted[start..<min(start + Self.chunk, wanted.count)])
            for (slot, vector) in try points.vectors(chunk) {
                hits.append(VectorHit(label: slot, score: vector.withUnsafeBufferPointer(scoring)))
            }
            hits = Array(hits.sorted { ($0.score, $1.label) > ($1.score, $0.label) }.prefix(max(0, k)))
        }
        return hits
    }

    func checkedRecall(of search: VectorSearch, of points: SlotDirectory) throws -> Double? {
        var exact = search
        exact.isExact = true
        return VectorIndex.recall(try self.search(search, of: points), of: try self.search(exact, of: points))
    }
}
