import ChangeLog
import Core
import Search
import Storage
import Telemetry

/// Vectors in a PostgreSQL server with the extension pgvector, from version 0.8 on: a table with an HNSW index for each
/// set.
///
/// A row has the id of a point, its vector, and the position of the log that it is of. One whose vector is null tells
/// of a point that has none any more, so that nobody who is late brings it back.
final class PgvectorEngine: VectorEngine {
    let name = "pgvector"
    let threads: WaitingThreads

    private let searching: PostgresSessions
    private let writing: PostgresSessions
    /// Making the index of a table takes as long as it takes.
    private let building: PostgresSessions
    private let patience: Duration

    /// The statements of a batch may take longer than a search by so much.
    private static let writingFactor = 12
    private static let buildingTime = Duration.seconds(86_400)

    /// An engine on a server. It is connected to when it is first used.
    ///
    /// - parameter count: how many searches wait for it at the same time.
    init(_ options: PostgresOptions, searches count: Int, settings: SettingsValues, metrics: MetricsRegistry) {
        patience = .milliseconds(settings[MemoriesSettings.engineTimeout])
        threads = WaitingThreads(limit: count)
        func sessions(_ timeout: Duration, limit: Int, _ server: String) -> PostgresSessions {
            var options = options
            options.statementTimeout = timeout
            return PostgresSessions(options, limit: limit, settings: settings, metrics: metrics, server: server)
        }
        searching = sessions(patience, limit: count, "vectors_search")
        writing = sessions(patience * Self.writingFactor, limit: 1, "vectors_write")
        building = sessions(Self.buildingTime, limit: 1, "vectors_build")
    }

    func accepts(_ definition: VectorDefinition) -> Bool { PgvectorColumn(definition) != nil }

    func close() {
        for sessions in [searching, writing, building] { sessions.close() }
        threads.close()
    }

    // MARK: Its state

    func check() async throws {
        do {
            let version = try await searching.run { try PgvectorExtension.version(in: $0) }
            if version == nil { try await writing.run { try PgvectorExtension.install(in: $0) } }
            let installed = try await searching.run { try PgvectorExtension.version(in: $0) }
            try PgvectorExtension.check(installed)
        } catch let failure as Failure where failure.kind == .invalid {
            throw failure
        } catch {
            throw Failure.engineUnavailable(name, error)
        }
    }

    func open(_ set: VectorSet) async throws -> LogMark? {
        guard let table = PgvectorTable(set) else { return nil }
        return try await run(writing, set) { transaction in
            try PgvectorExtension.use(in: transaction)
            // Several servers may make it at the same time.
            _ = try transaction.exists(PgvectorTable.lock)
            let isThere = try transaction.exists(table.presence)
            for sql in table.creation { try transaction.execute(sql) }
            // Somebody may have deleted the table alone.
            if !isThere { try transaction.execute(table.forgetting) }
            return try transaction.first(table.mark) { LogMark($0.position(0), $0.text(1)) }
        }
    }

    func later(than position: LogPosition, in set: VectorSet) async throws -> LogPosition? {
        guard let table = PgvectorTable(set) else { return nil }
        return try await run(building, set) { try $0.first(table.later(than: position)) { $0.position(0) } }
    }

    func keys(of set: VectorSet) async throws -> [PointKey] {
        guard let table = PgvectorTable(set) else { return [] }
        return try await run(building, set) { transaction in
            try transaction.rows(table.keys) { row in row.withBytes(0) { PointKey(bytes: $0) } }.compactMap { $0 }
        }
    }

    func apply(_ writes: [VectorWrite], to set: VectorSet, at position: LogPosition) async throws {
        guard let table = PgvectorTable(set), !writes.isEmpty else { return }
        // In one order, so that two servers that write the same rows do not wait for each other.
        let sorted = writes.sorted { $0.key < $1.key }
        try await run(writing, set) { transaction in
            try PgvectorExtension.use(in: transaction)
            try transaction.execute(table.upsert(sorted, at: position))
        }
    }

    func finishFilling(_ set: VectorSet, at mark: LogMark) async throws {
        guard let table = PgvectorTable(set) else { return }
        try await run(building, set) { transaction in
            try PgvectorExtension.use(in: transaction)
            for sql in table.completion(at: mark) { try transaction.execute(sql) }
        }
    }

    func save(_ mark: LogMark, of sets: [VectorSet]) async throws {
        try await run(writing, nil) { transaction in
            for set in sets {
                guard let table = PgvectorTable(set) else { continue }
                for sql in table.progress(to: mark) { try transaction.execute(sql) }
            }
        }
    }

    func drop(_ collection: PointCollection) async throws {
        let tables = collection.definition.vectors.enumerated().compactMap { place, definition in
            PgvectorTable(VectorSet(collection.id, place, definition))
        }
        try await run(writing, nil) { transaction in
            for table in tables {
                for sql in table.removal { try transaction.execute(sql) }
            }
        }
    }

    // MARK: Searching

    func nearest(_ query: NearestQuery, in set: VectorSet) throws -> [NearestPoint] {
        guard let table = PgvectorTable(set) else { return [] }
        do {
            return try searching.runWaiting(atMost: patience) { transaction in
                try PgvectorExtension.use(in: transaction, query)
                return try transaction.rows(table.nearest(query)) { row in
                    row.withBytes(0) { PointKey(bytes: $0) }.map { key in
                        NearestPoint(key: key, score: set.metric.score(ofPgvector: row.real(1)))
                    }
                }.compactMap { $0 }
            }
        } catch {
            throw failure(error, set)
        }
    }

    private func run<T: Sendable>(
        _ sessions: PostgresSessions, _ set: VectorSet?, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        do { return try await sessions.run(body) } catch { throw failure(error, set) }
    }

    private func failure(_ error: any Error, _ set: VectorSet?) -> Failure {
        if let failure = error as? Failure, failure.code == "storage_table_missing", let set {
            return .vectorSetMissing(set.name)
        }
        return .engineUnavailable(name, error)
    }
}

extension VectorMetric {
    /// The score of what pgvector's operator of the metric gives: one less the cosine, the negative dot product, or the
    /// distance.
    fileprivate func score(ofPgvector value: Double) -> Float {
        switch self {
        case .cosine: Float(1 - value)
        case .dot: Float(-value)
        case .euclid, .manhattan: Float(value)
        }
    }
}
