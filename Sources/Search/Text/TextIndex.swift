public import Core
public import Logging
import Synchronization
public import Telemetry

/// Ranked full-text search over the documents of all tenants, in a SQLite file of its own.
///
/// The file is derived state: the change log feeds it through a projection of the role that owns the documents. When it
/// is missing, damaged, or of another version, ``position()`` is nil and it is made anew by ``rebuild(asOf:from:)``.
public final class TextIndex: Sendable {
    /// How many matching documents are ranked at most: the newest. It bounds what one search may cost.
    public static let rankLimit = 5_000

    /// How many documents a rebuild writes at a time: the more, the fewer times the list of each word is written.
    private static let rebuildBatch = 2_500

    private enum State {
        case closed
        case ready(TextIndexFile)
        /// A search has found the file damaged.
        case damaged(TextIndexFile)
    }

    private let path: String
    private let settings: SettingsValues
    private let logger: Logger
    private let durations: Histogram
    private let state = Mutex(State.closed)

    /// An index in a file, which is opened by ``position()`` and need not exist.
    public init(path: String, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger) {
        self.path = path
        self.settings = settings
        var logger = logger
        logger[metadataKey: "index"] = "\(path)"
        self.logger = logger
        durations = metrics.histogram(
            "text_search_duration_seconds", "How long a search of a text index took."
        ).with()
    }

    /// Whether it can be searched.
    public var isReady: Bool {
        state.withLock { state in
            if case .ready = state { true } else { false }
        }
    }

    /// Whether a search has found the file damaged, so that it has to be made anew.
    public var isDamaged: Bool {
        state.withLock { state in
            if case .damaged = state { true } else { false }
        }
    }

    /// The position of the change log that the documents stand for, or nil when they have to be made anew.
    public func position() async throws -> LogPosition? {
        if case .ready(let file) = state.withLock({ $0 }) { return try await file.position() }
        await closeFile()
        do {
            let file = try await TextIndexFile(path: path, settings: settings)
            guard let position = try await file.position() else {
                await file.close()
                return nil
            }
            state.withLock { $0 = .ready(file) }
            return position
        } catch {
            logger.warning("the text index cannot be used and will be made anew", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Stores and removes documents, and the position that they stand for then, in one transaction. No key stands
    /// twice.
    ///
    /// - throws: ``Failure`` `index_not_ready` when the documents have to be made anew first.
    public func apply(
        upserts: [TextDocument], deletions: [TextDocument.Key], upTo position: LogPosition
    ) async throws {
        let file = try readyFile()
        try await noticingDamage(file) {
            try await file.apply(upserts: upserts, deletions: deletions, upTo: position)
        }
    }

    /// Deletes the file and makes it anew.
    ///
    /// The changes after the position are applied afterwards, each of them to what may be a later state already, so the
    /// batches need no common snapshot: a stored document is always one that was, and in the end the latest.
    ///
    /// - parameters:
    ///   - position: the position of the log, read before the first batch.
    ///   - next: the documents that follow one in any fixed order, from the start when it is nil; none at the end.
    public func rebuild(
        asOf position: LogPosition, from next: @Sendable (_ last: TextDocument.Key?) async throws -> [TextDocument]
    ) async throws {
        await closeFile()
        try TextIndexFile.delete(path: path)
        let file = try await TextIndexFile(path: path, settings: settings)
        do {
            var last: TextDocument.Key?
            var count = 0
            var waiting: [TextDocument] = []
            while true {
                let batch = try await next(last)
                guard let end = batch.last else { break }
                waiting += batch
                last = end.key
                count += batch.count
                if waiting.count >= Self.rebuildBatch {
                    try await file.apply(upserts: waiting, deletions: [], upTo: nil)
                    waiting.removeAll(keepingCapacity: true)
                }
                try Task.checkCancellation()
            }
            try await file.apply(upserts: waiting, deletions: [], upTo: position)
            logger.notice(
                "the text index is made anew", metadata: ["documents": "\(count)", "position": "\(position)"])
        } catch {
            await file.close()
            throw error
        }
        state.withLock { $0 = .ready(file) }
    }

    /// The documents of a tenant that fit a query, the best first.
    ///
    /// - throws: ``Failure`` `index_not_ready` while the index is made anew.
    public func search(_ query: TextQuery, of tenant: Tenant) async throws -> [TextHit] {
        let file = try readyFile()
        let start = ContinuousClock.now
        defer { durations.observe(ContinuousClock.now - start) }
        return try await noticingDamage(file) { try await file.search(query, of: tenant) }
    }

    /// The documents of a tenant that fit a query, like ``search(_:of:)``, if that is possible on the calling thread
    /// without waiting and within a time; else nil.
    public func searchAtOnce(_ query: TextQuery, of tenant: Tenant, within time: Duration) throws -> [TextHit]? {
        let file = try readyFile()
        let start = ContinuousClock.now
        do {
            let hits = try file.searchAtOnce(query, of: tenant, within: time)
            if hits != nil { durations.observe(ContinuousClock.now - start) }
            return hits
        } catch {
            throw try noted(error, in: file)
        }
    }

    /// Closes the file.
    public func close() async { await closeFile() }

    private func readyFile() throws -> TextIndexFile {
        guard case .ready(let file) = state.withLock({ $0 }) else {
            throw Failure(
                .unavailable, code: "index_not_ready", "The search index is being made anew. Try again in a while.",
                retryAfter: 2)
        }
        return file
    }

    private func noticingDamage<T>(_ file: TextIndexFile, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            throw try noted(error, in: file)
        }
    }

    /// Takes note when an error tells that a file is damaged.
    ///
    /// - returns: the error.
    /// - throws: ``Failure`` `index_not_ready` in its place.
    private func noted(_ error: any Error, in file: TextIndexFile) throws -> any Error {
        guard let failure = error as? Failure, failure.code == "storage_corrupt" else { return error }
        logger.warning("the text index is damaged", metadata: ["error": "\(failure)"])
        state.withLock { state in
            if case .ready(let current) = state, current === file { state = .damaged(file) }
        }
        _ = try readyFile()
        return failure
    }

    private func closeFile() async {
        let file: TextIndexFile? = state.withLock { state in
            defer { state = .closed }
            return switch state {
            case .closed: nil
            case .ready(let file), .damaged(let file): file
            }
        }
        await file?.close()
    }
}
