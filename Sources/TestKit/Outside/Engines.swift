import Core
import Foundation

/// The engines of others that `make engines` fetches.
enum Engines {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/engines").path

    /// The directory with the programs of PostgreSQL 16, which has pgvector.
    ///
    /// - throws: ``Failure`` `program_missing` when it was not fetched.
    static func pgvectorPrograms() throws -> String {
        let path = try Command.run([script, "--path"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard FileManager.default.isExecutableFile(atPath: "\(path)/bin/initdb") else {
            throw Failure(
                .unavailable, code: "program_missing",
                "PostgreSQL with pgvector is not there, and this test needs it. Run `make engines`.")
        }
        return "\(path)/bin"
    }
}
