import Core
import Search
import Telemetry
import Testing

@testable import Memories

/// How something failed, or nil.
func failure(_ body: () async throws -> Void) async -> Failure? {
    do { try await body() } catch { return error as? Failure }
    return nil
}

/// The vector engine that settings name.
func engine(_ settings: [String: String]) throws -> any VectorEngine {
    let values = try SettingsRegistry(MemoriesSettings.all).values(from: [
        SettingsSource(name: "test", texts: settings)
    ])
    return try #require(try EngineAccess(settings: values, store: nil, metrics: MetricsRegistry())).engine
}

extension PointCollection {
    /// A collection that no table has, of vectors of a size.
    static func unstored(size: Int) -> PointCollection {
        PointCollection(
            id: Identifier(high: 0, low: 0), tenant: .first, name: "a", number: 1, version: 1,
            definition: CollectionDefinition(vectors: [VectorDefinition(size: size, metric: .euclid)]),
            createdAt: .earliest, updatedAt: .earliest)
    }
}
