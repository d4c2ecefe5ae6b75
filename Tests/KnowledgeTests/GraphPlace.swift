import Foundation
import TestKit

/// Where the tables are and who has the graphs, for suites that must hold whichever it is.
enum GraphPlace: String, CaseIterable, Sendable {
    case sqlite
    case postgres
    /// The tables are in SQLite.
    case falkorDB

    /// Where the graphs are in the memory of the server.
    static let embedded: [GraphPlace] = [.sqlite, .postgres]

    /// What has the tables.
    var engine: TestStore.Engine { self == .postgres ? .postgres : .sqlite }

    /// The settings of a world that has the graphs there. The worlds of a store have the same ones.
    func settings(for store: TestStore) async throws -> [String: String] {
        guard self == .falkorDB else { return [:] }
        return try await [
            "knowledge.engine": "falkordb", "knowledge.falkordb_url": FalkorDBServer.shared().url,
            "knowledge.falkordb_prefix": URL(fileURLWithPath: store.directory.path).lastPathComponent,
        ]
    }

    /// What the settings of a second world on a store have besides: one server writes a FalkorDB.
    var settingsOfAnother: [String: String] {
        self == .falkorDB ? ["knowledge.falkordb_prefix": "another-\(UUID())"] : [:]
    }
}
