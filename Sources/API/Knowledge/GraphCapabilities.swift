public import Core
import Embedding
import Knowledge

/// What clients can expect of graphs.
public struct GraphCapabilities: JSONEncodable, Sendable {
    private let engine: GraphEngineChoice
    private let dimensions: Int
    private let hasVectorsMade: Bool
    private let hasCrossEncoder: Bool

    /// As the settings have it.
    ///
    /// - parameter hasEmbedder: whether the server turns texts into vectors at all.
    public init(settings: SettingsValues, hasEmbedder: Bool) {
        engine = settings[KnowledgeSettings.engine]
        dimensions = settings[KnowledgeSettings.dimensions]
        hasVectorsMade = hasEmbedder && settings[KnowledgeSettings.embedding].isOn
        hasCrossEncoder = settings[RerankerSettings.url].value != nil
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("engine", engine.rawValue)
            json.member("vector_dimension", dimensions)
            json.member("embedding", hasVectorsMade)
            json.member("cross_encoder", hasCrossEncoder)
            json.member("known_at", true)
            json.member("communities", true)
        }
    }
}
