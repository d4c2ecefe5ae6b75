public import Core

/// Who finds the nearest vectors.
public enum EngineChoice: String, SettingChoice {
    /// The indexes in the memory of this server.
    case embedded
    /// A PostgreSQL server with the extension pgvector.
    case pgvector
    /// A Qdrant server.
    case qdrant
}
