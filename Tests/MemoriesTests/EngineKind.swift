import ChangeLog
import Core
import Search
import Storage
import TestKit

@testable import Memories

/// Who finds the vectors in suites that must hold whoever it is.
enum EngineKind: String, CaseIterable, Sendable {
    case embedded
    case pgvector
    /// No Qdrant is to be had for tests: a second server of ours speaks its API.
    case qdrant

    /// The settings of a world whose vectors it finds, and what must be held meanwhile. There is nothing in it yet.
    func place() async throws -> (settings: [String: String], holder: (any Sendable)?) {
        switch self {
        case .embedded: return ([:], nil)
        case .pgvector:
            let url = try await PostgresServer.sharedWithVectors().makeDatabase()
            return (["memories.engine": rawValue, "memories.pgvector_url": url], nil)
        case .qdrant:
            let server = try await QdrantSurface()
            return (server.settings, server)
        }
    }

    /// A world whose vectors it finds.
    func world() async throws -> MemoryWorld {
        let (settings, holder) = try await place()
        return try await MemoryWorld(.sqlite, settings: settings, holding: holder)
    }
}

/// A server of ours in the place of a Qdrant.
final class QdrantSurface: Sendable {
    let process: ServerProcess
    private let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        process = try await ServerProcess(data: directory.file("data"))
        try await process.waitUntilReady()
    }

    var settings: [String: String] {
        [
            "memories.engine": "qdrant", "memories.qdrant_url": process.address,
            "memories.qdrant_api_key": process.adminKey ?? "",
        ]
    }

    deinit {
        let process = process
        Task { await process.kill() }
    }
}

/// Random points of a collection, and what should be found among them.
struct VectorSample {
    /// By their numbers from 0 on.
    let vectors: [[Float]]
    let metric: VectorMetric

    init(_ count: Int, size: Int, _ metric: VectorMetric, _ random: inout SeededRandom) throws {
        self.metric = metric
        vectors = try (0..<count).map { _ in
            try metric.prepare(Self.vector(size, &random), dimensions: size)
        }
    }

    static func vector(_ size: Int, _ random: inout SeededRandom) -> [Float] {
        (0..<size).map { _ in Float.random(in: -1...1, using: &random) }
    }

    func score(_ number: Int, _ query: [Float]) -> Float {
        let pairs = zip(vectors[number], query)
        switch metric {
        case .cosine:
            let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return pairs.reduce(0) { $0 + $1.0 * $1.1 } / length
        case .dot: return pairs.reduce(0) { $0 + $1.0 * $1.1 }
        case .euclid: return pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .manhattan: return pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }

    /// The numbers of the nearest, of those that are allowed.
    func nearest(_ query: [Float], _ k: Int, where isAllowed: (Int) -> Bool = { _ in true }) -> [Int] {
        let scored = vectors.indices.filter(isAllowed).map { ($0, score($0, query)) }
        return scored.sorted { metric.prefersGreaterScores ? $0.1 > $1.1 : $0.1 < $1.1 }.prefix(k).map(\.0)
    }

    /// Each with the shares of numbers that filters ask for.
    func drafts(_ numbers: Range<Int>) -> [PointDraft] {
        numbers.map { number in
            var stored = PointVectors()
            stored.set(vectors[number], at: 0)
            return PointDraft(
                key: .number(UInt64(number)), payload: Array("{\"n\":\(number),\"share\":\(number % 1_000)}".utf8),
                vectors: stored)
        }
    }
}

extension MemoryWorld {
    /// Runs queries where a search may wait, as the routes do.
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await withTaskExecutorPreference(role.waitingThreads) { try await store.log.read(body).value }
    }

    /// Makes a collection of a sample.
    @discardableResult
    func make(_ name: String, of sample: VectorSample) async throws -> PointCollection {
        let definition = CollectionDefinition(
            vectors: [VectorDefinition(size: sample.vectors[0].count, metric: sample.metric)],
            indexes: [PayloadFieldDefinition("n", .integer), PayloadFieldDefinition("share", .integer)])
        let collection = try await write { [role] in try role.collections.create(name, definition, in: $0) }
        for start in stride(from: 0, to: sample.vectors.count, by: 500) {
            let drafts = sample.drafts(start..<min(start + 500, sample.vectors.count))
            try await write { [role] in try role.points.upsert(drafts, into: collection, in: $0) }
        }
        return collection
    }

    /// What a query finds.
    func find(_ query: PointQuery, in name: String) async throws -> [PointHit] {
        try await read { [role] transaction in
            try role.search(name, of: TestStore.context.tenant, in: transaction) { try $0.run(query).map(\.hit) }
        }
    }
}
