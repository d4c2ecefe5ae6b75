import ChangeLog
public import Core
import Search
import Storage

/// What came of comparing the index of a collection with the tables.
public struct IndexVerification: Sendable {
    /// The name of the collection.
    public let collection: String
    /// How many points the table has.
    public internal(set) var pointCount = 0
    /// How many vectors the table has.
    public internal(set) var vectorCount = 0
    /// The part of what is nearest that searches for some of the vectors find, from 0 to 1; nil where none was sampled.
    public internal(set) var recall: Double?
    /// What is wrong, at most ``problemLimit`` of it: nothing when all is well.
    public internal(set) var problems: [String] = []

    /// How many problems are told.
    public static let problemLimit = 100

    mutating func note(_ problem: String) {
        if problems.count < Self.problemLimit { problems.append(problem) }
    }
}

extension IndexVerification: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("collection", collection)
            json.member("points", pointCount)
            json.member("vectors", vectorCount)
            json.member("recall_at_10", recall)
            json.member("problems", array: problems)
        }
    }
}

extension MemoryRole {
    /// Compares the index of a collection with the tables, the graphs with what must always hold, the files with their
    /// checksums, and searches for some of the vectors with exact ones. Others write and search meanwhile.
    ///
    /// - throws: ``Failure`` `collection_not_found`, `index_not_ready`.
    public func verify(_ name: String, of tenant: Tenant) async throws -> IndexVerification {
        _ = try statistics(name, of: tenant)
        guard let index = indexes.find(name, of: tenant) else { throw Collections.notFound(name) }
        let comparison = IndexComparison(role: self, index: index)
        return try await withTaskExecutorPreference(BackgroundExecutor.shared) { try await comparison.run() }
    }
}

/// Compares an index with what it is derived from.
private struct IndexComparison {
    /// How many vectors are searched for.
    private static let sampleSize = 20
    private static let depth = 10
    /// How long it waits for the index to have what the tables had.
    private static let patience = Duration.seconds(60)

    let role: MemoryRole
    let index: CollectionIndex

    /// What is wrong with one point. What others change meanwhile may look wrong, so it is looked at twice.
    private struct Suspect {
        let key: PointKey
        let problem: String
    }

    func run() async throws -> IndexVerification {
        let collection = index.collection
        var report = IndexVerification(collection: collection.name)
        let (suspects, counts) = try await compareAll(collection)
        (report.pointCount, report.vectorCount) = counts
        if !suspects.isEmpty {
            try await role.follower.waitUntil(position: role.log.head, atMost: Self.patience)
            guard role.indexes.find(collection.name, of: collection.tenant) === index else {
                throw Failure.conflict(
                    "index_replaced", "The index of the collection was made anew meanwhile. Verify it again.")
            }
            for problem in try await compareAgain(suspects, collection) { report.note(problem) }
        }
        for (definition, vectors) in zip(collection.definition.vectors, index.vectors) {
            guard let vectors = vectors as? VectorIndex else { continue }
            let name = definition.name.isEmpty ? "the graph" : "the graph of \(definition.name)"
            for problem in vectors.checkInvariants() { report.note("\(name): \(problem)") }
        }
        for fault in role.files?.faults(collection) ?? [] { report.note(fault) }
        report.recall = try recall()
        if let recall = report.recall, recall < role.checker.bound {
            report.note("searches find \(recall) of what is nearest, and should find \(role.checker.bound)")
        }
        return report
    }

    private func compareAll(_ collection: PointCollection) async throws -> ([Suspect], (Int, Int)) {
        try await role.log.database.read { [role, index] transaction in
            var suspects: [Suspect] = []
            var (pointCount, vectorCount) = (0, 0)
            var seen = Set<UInt32>()
            try role.points.forEach(of: collection, atOnce: Points.chunk, in: transaction) { point in
                pointCount += 1
                vectorCount += point.vectors?.elements.count ?? 0
                if let slot = index.slot(of: point.key) { seen.insert(slot) }
                if let problem = Self.problem(of: point, in: index), suspects.count < IndexVerification.problemLimit {
                    suspects.append(Suspect(key: point.key, problem: problem))
                }
            }
            let extra = index.keys { !seen.contains($0) }.prefix(IndexVerification.problemLimit)
            suspects += extra.map { Suspect(key: $0, problem: "point \($0) is in the index and not in the table") }
            return (suspects, (pointCount, vectorCount))
        }
    }

    private func compareAgain(_ suspects: [Suspect], _ collection: PointCollection) async throws -> [String] {
        try await role.log.database.read { [role, index] transaction in
            var problems: [String] = []
            for suspect in suspects {
                let row = try role.points.find([suspect.key], of: collection, withVectors: true, in: transaction).first
                if let row {
                    if let problem = Self.problem(of: row, in: index) { problems.append(problem) }
                } else if index.slot(of: suspect.key) != nil {
                    problems.append("point \(suspect.key) is in the index and not in the table")
                }
            }
            return problems
        }
    }

    /// What is wrong with what the index has of a point; nil when nothing is.
    private static func problem(of point: Point, in index: CollectionIndex) -> String? {
        guard let slot = index.slot(of: point.key) else {
            return "point \(point.key) is in the table and not in the index"
        }
        for (place, vectors) in index.vectors.enumerated() {
            let stored = point.vectors?[place]
            guard vectors.contains(slot) == (stored != nil) else {
                let side =
                    stored == nil ? "is in the index and not in the table" : "is in the table and not in the index"
                return "vector \(place) of point \(point.key) \(side)"
            }
            guard let stored, let indexed = try? (vectors as? VectorIndex)?.vector(slot) else { continue }
            if indexed != stored { return "vector \(place) of point \(point.key) is another one in the index" }
        }
        return nil
    }

    private func recall() throws -> Double? {
        var (sum, count) = (0.0, 0)
        try index.search { snapshot in
            let inMemory = snapshot.vectors.compactMap { $0 as? VectorIndex }
                .filter { !$0.parameters.isOnDisk && $0.unfilledCount == 0 }
            for vectors in inMemory where vectors.count > Self.depth {
                let slots = index.keys { vectors.contains($0) }.shuffled().prefix(Self.sampleSize)
                for key in slots {
                    guard let slot = index.slot(of: key), let vector = try vectors.vector(slot) else { continue }
                    sum += try vectors.recall(of: VectorSearch(vector, k: Self.depth))
                    count += 1
                }
            }
        }
        return count == 0 ? nil : sum / Double(count)
    }
}
