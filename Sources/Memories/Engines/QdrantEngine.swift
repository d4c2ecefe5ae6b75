import ChangeLog
import Core
import Outbound
import Search
import Storage
import Synchronization
import Telemetry

/// Vectors in a Qdrant server from 1.10 on, or in one that speaks its REST API: a collection for each set.
///
/// A point has the id of ours where Qdrant takes it, and in its payload the whole of it with the position of the log
/// that it is of. How far the sets have come stands in a collection of its own.
final class QdrantEngine: VectorEngine {
    let name = "qdrant"
    let threads: WaitingThreads

    private let client: QdrantClient
    /// The collection with a point for each set that is complete.
    private static let register = "vector_sets"
    /// How many points an answer of a list has.
    private static let pageSize = 1_000
    /// How many ids a question names at most: a body has a limit.
    private static let keyLimit = 10_000

    /// An engine at an address. It is connected to when it is first used.
    ///
    /// - parameter count: how many searches wait for it at the same time.
    /// - throws: ``Failure`` `tls_settings_invalid`.
    init(_ url: QdrantURL, searches count: Int, settings: SettingsValues, metrics: MetricsRegistry) throws {
        threads = WaitingThreads(limit: count)
        client = try QdrantClient(url, settings: settings, metrics: metrics)
    }

    func accepts(_: VectorDefinition) -> Bool { true }

    func close() {
        client.close()
        threads.close()
    }

    // MARK: Its state

    func check() async throws {
        let answer = try await client.send(.get, "/")
        try QdrantVersion.check(answer)
        // Who may not list collections may not use them either.
        _ = try await client.send(.get, "/collections")
    }

    func open(_ set: VectorSet) async throws -> LogMark? {
        try await make(Self.register, size: 1, .dot, nil)
        let isNew = try await make(set.name, size: set.size, set.metric, set)
        guard !isNew else {
            try await forget([set])
            return nil
        }
        let found = try await client.post("/collections/\(Self.register)/points") { json in
            json.member("ids", array: [Self.mark(set)])
            json.member("with_payload", true)
        }
        return QdrantReply.points(found).first.flatMap { QdrantReply.mark($0.payload) }
    }

    func later(than position: LogPosition, in set: VectorSet) async throws -> LogPosition? {
        let found = try await client.post("/collections/\(set.name)/points/scroll") { json in
            json.member("limit", 1)
            json.member("with_payload", true)
            json.member(
                "filter", object: { $0.member("must", array: [QdrantPositions(bound: "gt", position: position)]) })
        }
        return QdrantReply.points(QdrantReply.member("points", of: found)).first.flatMap {
            QdrantReply.position($0.payload)
        }
    }

    /// Makes a collection unless it is there.
    ///
    /// - returns: whether it was not there.
    @discardableResult
    private func make(_ name: String, size: Int, _ metric: VectorMetric, _ set: VectorSet?) async throws -> Bool {
        let there = try await client.send(.get, "/collections/\(name)", missing: .null)
        guard there == .null else { return false }
        try await client.change(.put, "/collections/\(name)") { json in
            json.member(
                "vectors",
                object: { json in
                    json.member("size", size)
                    json.member("distance", metric.nameOfQdrant)
                })
            guard let set else { return }
            json.member(
                "hnsw_config",
                object: { json in
                    json.member("m", set.m)
                    json.member("ef_construct", set.efConstruction)
                })
        }
        return true
    }

    func keys(of set: VectorSet) async throws -> [PointKey] {
        var keys: [PointKey] = []
        var next: JSONValue = .null
        repeat {
            let start = next
            let page = try await client.post("/collections/\(set.name)/points/scroll") { json in
                json.member("limit", Self.pageSize)
                json.member("with_payload", true)
                json.member("with_vector", false)
                if start != .null { json.member("offset", start) }
            }
            keys += QdrantReply.points(QdrantReply.member("points", of: page)).compactMap {
                QdrantReply.key($0.payload)
            }
            next = QdrantReply.member("next_page_offset", of: page)
        } while next != .null
        return keys
    }

    func apply(_ writes: [VectorWrite], to set: VectorSet, at position: LogPosition) async throws {
        let path = "/collections/\(set.name)/points"
        let kept = writes.filter { $0.vector != nil }
        if !kept.isEmpty {
            try await client.change(.put, path + "?wait=true") { json in
                json.member("points", array: kept.map { QdrantPoint($0, of: set, at: position) })
            }
        }
        let gone = writes.filter { $0.vector == nil }
        guard !gone.isEmpty else { return }
        try await client.change(.post, path + "/delete?wait=true") { json in
            json.member("points", array: gone.map { QdrantPoint.id(of: $0.key, in: set) })
        }
    }

    func finishFilling(_ set: VectorSet, at mark: LogMark) async throws {
        try await client.change(.post, "/collections/\(set.name)/points/delete?wait=true") { json in
            json.member(
                "filter",
                object: { json in
                    json.member("must", array: [QdrantPositions(bound: "lt", position: mark.position)])
                })
        }
        try await note(mark, [set])
    }

    func save(_ mark: LogMark, of sets: [VectorSet]) async throws {
        let known = try await client.post("/collections/\(Self.register)/points") { json in
            json.member("ids", array: sets.map(Self.mark))
            json.member("with_payload", true)
        }
        let complete = Dictionary(
            QdrantReply.points(known).map { ($0.id, QdrantReply.position($0.payload) ?? .start) },
            uniquingKeysWith: { first, _ in first })
        try await note(mark, sets.filter { complete[Self.mark($0)].map { $0 < mark.position } ?? false })
    }

    private func note(_ mark: LogMark, _ sets: [VectorSet]) async throws {
        guard !sets.isEmpty else { return }
        try await client.change(.put, "/collections/\(Self.register)/points?wait=true") { json in
            json.member("points", array: sets.map { QdrantMark(id: Self.mark($0), name: $0.name, mark: mark) })
        }
    }

    private func forget(_ sets: [VectorSet]) async throws {
        try await client.change(.post, "/collections/\(Self.register)/points/delete?wait=true") { json in
            json.member("points", array: sets.map(Self.mark))
        }
    }

    func drop(_ collection: PointCollection) async throws {
        let sets = collection.definition.vectors.indices.map { VectorSet(collection, $0) }
        try await make(Self.register, size: 1, .dot, nil)
        try await forget(sets)
        for set in sets { _ = try await client.send(.delete, "/collections/\(set.name)", missing: .null) }
    }

    /// What the point of a set is called in the register: the collection's id, with the place added to its end.
    private static func mark(_ set: VectorSet) -> String {
        Identifier(high: set.collection.high, low: set.collection.low ^ UInt64(set.place)).description
    }

    // MARK: Searching

    func nearest(_ query: NearestQuery, in set: VectorSet) throws -> [NearestPoint] {
        guard let keys = query.keys, keys.count > Self.keyLimit else { return try ask(query, set) }
        var found: [NearestPoint] = []
        for start in stride(from: 0, to: keys.count, by: Self.keyLimit) {
            var part = query
            part.keys = Array(keys[start..<min(start + Self.keyLimit, keys.count)])
            found += try ask(part, set)
        }
        let isGreaterBetter = set.metric.prefersGreaterScores
        found.sort { isGreaterBetter ? $0.score > $1.score : $0.score < $1.score }
        return Array(found.prefix(query.limit))
    }

    private func ask(_ query: NearestQuery, _ set: VectorSet) throws -> [NearestPoint] {
        let reply = try client.postWaiting("/collections/\(set.name)/points/query") { json in
            json.key("query")
            json.array { json in
                for component in query.vector { json.value(component) }
            }
            json.member("limit", query.limit)
            json.member("with_payload", true)
            json.member(
                "params",
                object: { json in
                    json.member("exact", query.isExact)
                    if let breadth = query.breadth { json.member("hnsw_ef", breadth) }
                })
            guard let keys = query.keys else { return }
            json.member(
                "filter",
                object: { json in
                    json.member("must", array: [QdrantIDs(ids: keys.map { QdrantPoint.id(of: $0, in: set) })])
                })
        }
        return QdrantReply.points(QdrantReply.member("points", of: reply)).compactMap { point in
            guard let key = QdrantReply.key(point.payload), let score = point.score else { return nil }
            return NearestPoint(key: key, score: score)
        }
    }
}
