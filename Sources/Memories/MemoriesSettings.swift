public import Core

/// The settings of memories.
public enum MemoriesSettings {
    /// How many components the vectors of memories and documents have.
    public static let dimensions = Setting(
        "memories.dimensions", default: 1_024, unit: "components", bounds: 1...65_536, moves: "vector_index_bytes",
        "How many components the vectors have in the collections of memories and documents, which are made when "
            + "something is first written to them. One that is there already keeps its own.")

    /// Who finds the nearest vectors.
    public static let engine = Setting(
        "memories.engine", default: EngineChoice.embedded, moves: "vector_engine_seconds",
        "Who finds the nearest vectors: embedded is this server, pgvector a PostgreSQL server with that extension from "
            + "0.8 on, qdrant a Qdrant server from 1.10 on. The tables are the truth in each case.")

    /// Where pgvector is.
    public static let pgvectorURL = Setting(
        "memories.pgvector_url", default: "", moves: "database_connections",
        "The PostgreSQL server with pgvector, as postgres://user:password@host:port/database; empty takes storage.url.")

    /// Where Qdrant is.
    public static let qdrantURL = Setting(
        "memories.qdrant_url", default: OptionalSetting<QdrantURL>.none, moves: "vector_engine_seconds",
        "The Qdrant server that finds the nearest vectors, as http://host:6333 or https://host.")

    /// The key of Qdrant.
    public static let qdrantKey = Setting(
        "memories.qdrant_api_key", default: "", moves: "vector_engine_failures_total", isSecret: true,
        "The key that Qdrant wants, which must be allowed to make and change collections; empty sends none.")

    /// How long a vector engine may take for an answer.
    public static let engineTimeout = Setting(
        "memories.engine_timeout", default: 5_000, unit: "ms", bounds: 10...600_000,
        moves: "vector_engine_failures_total",
        "How long a search by a vector engine beside this server may take before it fails. Writing a batch may take "
            + "twelve times as long.")

    /// How many searches a vector engine is asked at the same time.
    public static let engineSearches = Setting(
        "memories.engine_searches", default: 4, unit: "searches", bounds: 1...256, moves: "vector_engine_seconds",
        "How many searches wait for a vector engine beside this server at the same time, each with a thread and a "
            + "connection to the tables; more wait for their turn. Half of storage.readers, or on PostgreSQL of "
            + "storage.pool_max, is the most that is done.")

    /// How often the indexes of vectors are written into files.
    public static let fileInterval = Setting(
        "memories.file_interval", default: 60_000, unit: "ms", bounds: 100...86_400_000,
        moves: "index_files_written_total",
        "How often indexes of vectors that have changed are written into files. After a crash, what changed since then "
            + "is read from the tables again.")

    /// How many searches are repeated exactly.
    public static let recallSample = Setting(
        "memories.recall_sample", default: 100, unit: "searches of 100,000", bounds: 0...100_000,
        moves: "vector_recall_at_10",
        "How many of 100,000 searches are repeated exactly, beside what else the server does, to tell how much they "
            + "find.")

    /// The least part of what is nearest that searches must find.
    public static let recallBound = Setting(
        "memories.recall_bound", default: 85, unit: "%", bounds: 0...100, moves: "vector_recall_at_10",
        "Where searches find less than this part of what is nearest, the index of the collection is made anew.")

    /// How long it is kept what points were.
    public static let historyAge = Setting(
        "memories.history_age", default: 720, unit: "hours", bounds: 1...876_000, moves: "point_versions_deleted_total",
        "How long it is kept what memories and documents were before they were changed or deleted. It can be asked for "
            + "as of positions that change_log.retention_age and change_log.retention_size keep as well.")

    /// How often points are looked for whose time has come.
    public static let sweepInterval = Setting(
        "memories.sweep_interval", default: 5_000, unit: "ms", bounds: 100...3_600_000, moves: "points_expired_total",
        "How long the sweeper rests after it has found no point whose time has come.")

    /// How many points the sweeper deletes in one transaction.
    public static let sweepBatch = Setting(
        "memories.sweep_batch", default: 500, unit: "points", bounds: 1...10_000, moves: "points_expired_total",
        "How many points are deleted in one transaction when their time has come or their collection is gone.")

    /// How long one request may search.
    public static let searchTime = Setting(
        "memories.search_time", default: 30_000, unit: "ms", bounds: 1...3_600_000,
        moves: "http_request_duration_seconds",
        "How long one request may search before it is refused: with a filter on fields without an index, with many "
            + "queries or examples at once.")

    /// How much memory the points of one answer may take.
    public static let answerLimit = Setting(
        "memories.answer_limit", default: 268_435_456, unit: "bytes", bounds: 1_024...1_099_511_627_776,
        moves: "http_requests_total{status=\"422\"}",
        "How many bytes the payloads and vectors of the points of one answer may have; requests for more are refused, "
            + "with the status 400 by the routes of Qdrant's API.")

    /// All of them.
    public static let all: [AnySetting] = [
        dimensions.erased, engine.erased, pgvectorURL.erased, qdrantURL.erased, qdrantKey.erased, engineTimeout.erased,
        engineSearches.erased, fileInterval.erased, recallSample.erased, recallBound.erased, historyAge.erased,
        sweepInterval.erased, sweepBatch.erased, searchTime.erased, answerLimit.erased,
    ]
}
