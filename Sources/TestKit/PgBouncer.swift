import Core
import Foundation
import Synchronization

/// A real PgBouncer in transaction mode on a free port of this machine, before a server. It ends with the last
/// reference.
public final class PgBouncer: Sendable {
    /// Where it listens.
    public let port: Int
    private let directory: TemporaryDirectory
    private let process: Mutex<LoggedProcess>

    /// Starts one, and returns once it accepts connections.
    ///
    /// - parameter connections: how many connections to the server it has at most.
    /// - throws: ``Failure`` `program_missing` when PgBouncer is not installed.
    public init(before server: PostgresServer, connections: Int = 8) async throws {
        port = try FreePort.find()
        directory = try TemporaryDirectory()
        let lines = [
            "[databases]", "* = host=127.0.0.1 port=\(server.port) user=postgres", "[pgbouncer]",
            "listen_addr = 127.0.0.1", "listen_port = \(port)", "unix_socket_dir =", "auth_type = any",
            "pool_mode = transaction", "default_pool_size = \(connections)", "max_client_conn = 500",
        ]
        try lines.map { "\($0)\n" }.joined()
            .write(toFile: directory.file("pgbouncer.ini"), atomically: true, encoding: .utf8)
        process = Mutex(try Self.start(directory))
        try await current.waitForLine("process up")
    }

    /// The address of a database of the server through it.
    public func url(_ database: String) -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// Ends it at once, as a crash does.
    public func kill() async {
        current.send(SIGKILL)
        _ = await current.waitForEnd()
    }

    /// Starts it again on the same port.
    public func restart() async throws {
        let next = try Self.start(directory)
        process.withLock { $0 = next }
        try await next.waitForLine("process up")
    }

    private var current: LoggedProcess { process.withLock { $0 } }

    /// It refuses to run as root, and then becomes somebody else by itself.
    private static func start(_ directory: TemporaryDirectory) throws -> LoggedProcess {
        let user = getuid() == 0 ? ["-u", "postgres"] : []
        return try LoggedProcess(
            "/usr/sbin/pgbouncer", user + [directory.file("pgbouncer.ini")], in: directory.path)
    }
}
