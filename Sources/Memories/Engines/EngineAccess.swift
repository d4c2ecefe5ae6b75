public import Core
public import Storage
public import Telemetry

/// A vector engine beside this server, as the settings name it.
public struct EngineAccess: Sendable {
    let engine: any VectorEngine

    /// The engine that the settings name; nil when this server finds vectors itself.
    ///
    /// - parameter store: how the tables are reached, where they are on PostgreSQL.
    /// - throws: ``Failure`` `invalid_settings` when they do not say where it is.
    public init?(settings: SettingsValues, store: PostgresOptions?, metrics: MetricsRegistry) throws {
        switch settings[MemoriesSettings.engine] {
        case .embedded: return nil
        case .pgvector:
            let url = settings[MemoriesSettings.pgvectorURL]
            guard let options = url.isEmpty ? store : PostgresOptions(url: url, settings: settings) else {
                throw Failure(
                    .invalid, code: "invalid_settings",
                    "memories.engine is pgvector, and the data is not on PostgreSQL: name the server with pgvector in "
                        + "memories.pgvector_url, or put the data there too by storage.url.")
            }
            engine = PgvectorEngine(
                options, searches: Self.searches(settings, store), settings: settings, metrics: metrics)
        case .qdrant:
            guard let url = settings[MemoriesSettings.qdrantURL].value else {
                throw Failure(
                    .invalid, code: "invalid_settings",
                    "memories.engine is qdrant: name the server in memories.qdrant_url, as \(QdrantURL.forms).")
            }
            engine = try QdrantEngine(
                url, searches: Self.searches(settings, store), settings: settings, metrics: metrics)
        }
    }

    /// How many searches wait at the same time. Each holds a connection to the tables meanwhile; half of them stay
    /// free for all else.
    private static func searches(_ settings: SettingsValues, _ store: PostgresOptions?) -> Int {
        let connections = settings[store == nil ? StorageSettings.readers : StorageSettings.poolMaximum]
        return max(1, min(settings[MemoriesSettings.engineSearches], connections / 2))
    }
}
