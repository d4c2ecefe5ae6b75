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
        try place(of: "pgvector", "PostgreSQL with pgvector", program: "initdb") + "/bin"
    }

    /// The Redis server that takes FalkorDB, and FalkorDB itself.
    ///
    /// - throws: ``Failure`` `program_missing` when it was not fetched.
    static func falkorDB() throws -> (server: String, module: String) {
        let path = try place(of: "falkordb", "FalkorDB", program: "redis-server")
        return ("\(path)/bin/redis-server", "\(path)/lib/falkordb.so")
    }

    private static func place(of engine: String, _ title: String, program: String) throws -> String {
        let path = try Command.run([script, "--path", engine]).output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard FileManager.default.isExecutableFile(atPath: "\(path)/bin/\(program)") else {
            throw Failure(
                .unavailable, code: "program_missing",
                "\(title) is not there, and this test needs it. Run `make engines`.")
        }
        return path
    }
}
