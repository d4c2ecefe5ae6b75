public import Core
public import Telemetry

/// Who has the graphs.
public enum GraphEngineChoice: String, SettingChoice {
    /// The memory of this server.
    case embedded
    /// A FalkorDB server.
    case falkordb
}

/// A graph database beside this server, as the settings name it.
public struct GraphEngineAccess: Sendable {
    private let client: FalkorDBClient
    private let searches: Int

    /// The engine that the settings name; nil when this server has the graphs itself.
    ///
    /// - throws: ``Failure`` `invalid_settings` when they do not say where it is.
    public init?(settings: SettingsValues, metrics: MetricsRegistry) throws {
        guard settings[KnowledgeSettings.engine] == .falkordb else { return nil }
        guard let url = settings[KnowledgeSettings.falkorDBURL].value else {
            throw Failure(
                .invalid, code: "invalid_settings",
                "knowledge.engine is falkordb: name the server in knowledge.falkordb_url, as \(FalkorDBURL.forms).")
        }
        client = try FalkorDBClient(
            url, replicas: settings[KnowledgeSettings.falkorDBReplicas].value?.servers ?? [], settings: settings,
            metrics: metrics)
        searches = settings[KnowledgeSettings.engineSearches]
    }

    func graphs(_ source: GraphSource) -> FalkorDBGraphs { FalkorDBGraphs(source, client, searches: searches) }
}
