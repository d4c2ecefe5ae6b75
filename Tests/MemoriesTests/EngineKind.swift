import TestKit

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
