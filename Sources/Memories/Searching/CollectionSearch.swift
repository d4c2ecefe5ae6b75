import Core
public import Search

/// What can be asked of one collection at one moment.
public struct CollectionSearch {
    private let runner: QueryRunner

    init(_ runner: QueryRunner) { self.runner = runner }

    /// The collection.
    public var collection: PointCollection { runner.snapshot.collection }

    /// The points that a query finds, the best first, with their rows.
    ///
    /// - parameter withVectors: whether the rows have their vectors.
    /// - throws: ``Failure`` `invalid_request`, `point_not_found`.
    public func run(_ query: PointQuery, withVectors: Bool = false) throws -> [(hit: PointHit, point: Point)] {
        let hits = try hits(query)
        let rows = try runner.rows.find(
            all: hits.map(\.key), withVectors: withVectors, at: runner.now, budget: runner.budget)
        return hits.compactMap { hit in rows[hit.key].map { (hit, $0) } }
    }

    /// The ids and scores that a query finds by the index alone, the best first.
    func hits(_ query: PointQuery) throws -> [PointHit] { try runner.run(query) }

    /// Points by ascending id, and the id that the next page begins with; nil after the last.
    ///
    /// A page has fewer points than its limit where some have ended or gone, and may have none: others may follow.
    ///
    /// - parameters:
    ///   - start: the first id that may be among them; nil is the very first.
    ///   - limit: how many there are at most.
    public func page(
        from start: PointKey?, limit: Int, filter: PayloadFilter?, withVectors: Bool = false
    ) throws -> (points: [Point], next: PointKey?) {
        guard let filter else {
            let rows = try runner.rows.page(
                from: start, limit: limit + 1, withVectors: withVectors, budget: runner.budget)
            let points = rows.prefix(limit).filter { $0.isThere(at: runner.now) }
            return (Array(points), rows.count > limit ? rows[limit].key : nil)
        }
        let keys = Array(
            try keys(of: filter).lazy.filter { key in start.map { key >= $0 } ?? true }.prefix(limit + 1))
        let found = try runner.rows.find(
            all: Array(keys.prefix(limit)), withVectors: withVectors, at: runner.now, budget: runner.budget)
        return (keys.prefix(limit).compactMap { found[$0] }, keys.count > limit ? keys[limit] : nil)
    }

    /// How many points fit a filter.
    public func count(_ filter: PayloadFilter?) throws -> Int {
        guard let filter else { return runner.snapshot.payloads.count }
        return try runner.slots(of: filter).count
    }

    /// The ids of the points that fit a filter, ascending.
    public func keys(of filter: PayloadFilter) throws -> [PointKey] { try runner.keys(of: filter).sorted() }

    /// Calls a closure with each point that fits a filter, in no order.
    public func forEach(_ filter: PayloadFilter, _ body: (Point) throws -> Void) throws {
        let keys = try runner.keys(of: filter)
        for start in stride(from: 0, to: keys.count, by: Points.chunk) {
            try runner.budget.checkTime()
            let chunk = Array(keys[start..<min(start + Points.chunk, keys.count)])
            for point in try runner.rows.find(chunk, withVectors: false)
            where point.isThere(at: runner.now) { try body(point) }
        }
    }

    /// How many vectors there are.
    public var vectorCount: Int { runner.snapshot.vectors.reduce(0) { $0 + $1.count } }

    /// How many points are in the graphs of the vectors.
    public var indexedCount: Int {
        runner.snapshot.vectors.reduce(0) { $0 + $1.count - $1.unlinkedCount }
    }
}
