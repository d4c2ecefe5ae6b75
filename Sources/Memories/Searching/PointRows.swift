import Core
import Search
import Storage

/// Where a search reads points that its index has found.
protocol PointRows {
    /// The points of some ids that are there, in no order.
    ///
    /// - parameters:
    ///   - keys: at most some hundreds.
    ///   - budget: what they may take, where they are for an answer.
    func find(_ keys: [PointKey], withVectors: Bool, budget: SearchBudget?) throws -> [Point]

    /// Points by ascending id.
    ///
    /// - parameter start: the first id that may be among them; nil is the very first.
    func page(from start: PointKey?, limit: Int, withVectors: Bool, budget: SearchBudget?) throws -> [Point]

    /// Gets ready for a question to another program, in the middle of a search.
    func prepareToWait() throws
}

extension PointRows {
    func find(_ keys: [PointKey], withVectors: Bool) throws -> [Point] {
        try find(keys, withVectors: withVectors, budget: nil)
    }

    /// The points of any number of ids that are there and have not ended, by their ids.
    func find(
        all keys: [PointKey], withVectors: Bool = false, at now: Timestamp, budget: SearchBudget? = nil
    ) throws -> [PointKey: Point] {
        var points: [PointKey: Point] = [:]
        for start in stride(from: 0, to: keys.count, by: Points.chunk) {
            let chunk = Array(keys[start..<min(start + Points.chunk, keys.count)])
            for point in try find(chunk, withVectors: withVectors, budget: budget) where point.isThere(at: now) {
                points[point.key] = point
            }
        }
        return points
    }
}

/// The points of a collection as they stand in its tables.
struct StoredPointRows: PointRows {
    let points: Points
    let collection: PointCollection
    let transaction: any ReadTransaction

    func find(_ keys: [PointKey], withVectors: Bool, budget: SearchBudget?) throws -> [Point] {
        try points.find(keys, of: collection, withVectors: withVectors, in: transaction, budget: budget)
    }

    func page(from start: PointKey?, limit: Int, withVectors: Bool, budget: SearchBudget?) throws -> [Point] {
        try points.page(
            from: start, limit: limit, of: collection, withVectors: withVectors, in: transaction, budget: budget)
    }

    func prepareToWait() throws {
        // A database on another machine runs the closure of a read again from its first question: that comes before the
        // other program is asked, and not after.
        _ = try transaction.exists("SELECT 1")
    }
}

/// Points as they were at a position, which are held in memory.
struct PastPointRows: PointRows {
    private let points: [PointKey: Point]

    init(_ points: [Point]) {
        self.points = Dictionary(points.map { ($0.key, $0) }) { first, _ in first }
    }

    func find(_ keys: [PointKey], withVectors: Bool, budget: SearchBudget?) throws -> [Point] {
        try keys.compactMap { key in
            guard let point = points[key] else { return nil }
            try budget?.take(point.payload.count)
            return point
        }
    }

    func page(from start: PointKey?, limit: Int, withVectors: Bool, budget: SearchBudget?) throws -> [Point] {
        let keys = points.keys.filter { key in start.map { key >= $0 } ?? true }.sorted()
        return try find(Array(keys.prefix(limit)), withVectors: withVectors, budget: budget)
    }

    func prepareToWait() {}
}
