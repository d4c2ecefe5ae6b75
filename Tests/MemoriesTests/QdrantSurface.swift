import TestKit

/// A server of ours in the place of a Qdrant.
final class QdrantSurface: Sendable {
    let process: ServerProcess
    private let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        process = try await ServerProcess(data: directory.file("data"))
        try await process.waitUntilReady()
    }

    var settings: [String: String] {
        [
            "memories.engine": "qdrant", "memories.qdrant_url": process.address,
            "memories.qdrant_api_key": process.adminKey ?? "",
        ]
    }

    deinit {
        let process = process
        Task { await process.kill() }
    }
}
