import Core
import Foundation
import Synchronization

/// A real PostgreSQL server on a free port of this machine, with a directory of its own.
///
/// It ends with the process of the tests, however that ends.
public final class PostgresServer: Sendable {
    /// Where it listens.
    public let port: Int
    /// Its data directory.
    public let data: String
    private let programs: Programs
    private let guardian: Guardian
    private let names = Atomic<Int>(0)

    /// The server that behavioural suites share: it is made when the first of them needs it.
    public static func shared() async throws -> PostgresServer { try await sharedServer.value }

    private static let sharedServer = Task.detached { try PostgresServer(isInMemory: true) }

    /// The server with pgvector that suites share.
    public static func sharedWithVectors() async throws -> PostgresServer { try await sharedVectorServer.value }

    private static let sharedVectorServer = Task.detached { try PostgresServer(isInMemory: true, build: .pgvector) }

    /// Whose programs run.
    public enum Build: Sendable {
        /// The operating system's, which has no pgvector.
        case system
        /// PostgreSQL 16 with pgvector, which `make engines` fetches.
        case pgvector
    }

    /// Makes the files of a server and starts it.
    ///
    /// - parameters:
    ///   - isInMemory: whether its files are in memory: the same code runs, only the disk does not.
    ///   - build: whose programs run.
    ///   - configuration: further lines of `postgresql.conf`.
    /// - throws: ``Failure`` `postgres_missing` when the programs are not installed.
    public convenience init(
        isInMemory: Bool = false, build: Build = .system, configuration: [String] = []
    ) throws {
        let programs = try build == .system ? Programs() : Programs(at: Engines.pgvectorPrograms())
        let directory = try programs.makeDirectory(inMemory: isInMemory)
        let data = "\(directory)/data"
        try programs.run(
            "initdb", "-N", "-D", data, "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
        let port = try FreePort.find()
        try self.init(programs, directory: directory, port: port, configuration: configuration)
    }

    /// Starts a server on files that are there.
    private init(_ programs: Programs, directory: String, port: Int, configuration: [String]) throws {
        self.programs = programs
        self.port = port
        data = "\(directory)/data"
        let lines =
            [
                "listen_addresses = '127.0.0.1'", "port = \(port)", "unix_socket_directories = '\(directory)'",
                "max_connections = 2500", "shared_buffers = 64MB", "wal_level = replica", "max_wal_senders = 10",
                "hot_standby = on", "wal_keep_size = 64MB", "max_locks_per_transaction = 256",
            ] + configuration
        try programs.append(lines.map { "\($0)\n" }.joined(), to: "\(data)/postgresql.conf")
        guardian = try programs.guardian(data: data, directory: directory)
        try start()
    }

    /// Starts it, and returns once it accepts connections.
    public func start() throws {
        try programs.run("pg_ctl", "-D", data, "-l", "\(data)/server.log", "-t", "60", "-w", "start")
    }

    /// Ends it as an operator does.
    public func stop() throws {
        try programs.run("pg_ctl", "-D", data, "-m", "fast", "-t", "60", "-w", "stop")
    }

    /// Ends it at once, as a crash does: no process of it has time to do anything.
    public func kill() throws {
        let processes = try signal(SIGKILL)
        // The memory that they share is theirs until the last of them has ended.
        let deadline = Date().addingTimeInterval(30)
        while Date() < deadline, processes.contains(where: { Foundation.kill($0, 0) == 0 }) {
            Thread.sleep(forTimeInterval: 0.01)
        }
        try? FileManager.default.removeItem(atPath: "\(data)/postmaster.pid")
    }

    /// Stops the work of all its processes without ending them, as an overloaded machine does.
    public func stall() throws { for process in try signal(SIGSTOP) { StoppedProcess.await(process) } }

    /// Lets them go on.
    public func resume() throws { try signal(SIGCONT) }

    /// Sends a signal to all processes of the server and returns them, the one that starts the others first.
    @discardableResult
    private func signal(_ signal: Int32) throws -> [Int32] {
        let file = try programs.read("\(data)/postmaster.pid")
        guard let number = file.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Failure.internal("The server has no process: \(file)")
        }
        let children = try programs.succeeds("pgrep", "-P", "\(number)").split(separator: "\n").compactMap { Int32($0) }
        for process in [number] + children { Foundation.kill(process, signal) }
        return [number] + children
    }

    /// Makes a server that follows this one as a streaming replica, and starts it.
    public func makeReplica(name: String, configuration: [String] = []) throws -> PostgresServer {
        let directory = try programs.makeDirectory(inMemory: false)
        try programs.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-D", "\(directory)/data", "-R",
            "-X", "stream", "--checkpoint=fast", "-d",
            "host=127.0.0.1 port=\(port) user=postgres application_name=\(name)")
        return try PostgresServer(
            programs, directory: directory, port: try FreePort.find(), configuration: configuration)
    }

    /// Makes a replica a primary.
    public func promote() throws {
        try programs.run("pg_ctl", "-D", data, "-t", "60", "-w", "promote")
    }

    /// Makes an empty database and returns its address.
    public func makeDatabase() throws -> String { try makeDatabase(from: "template1") }

    /// Makes a copy of a database to which nobody is connected, and returns its address.
    func makeDatabase(from template: String) throws -> String {
        let name = "test\(names.add(1, ordering: .relaxed).newValue)"
        try execute("CREATE DATABASE \(name) TEMPLATE \(template)")
        return url(name)
    }

    /// Returns once nobody is connected to a database.
    func waitUntilUnused(_ url: String) throws {
        guard let name = url.split(separator: "/").last else { return }
        for _ in 0..<600 {
            let count = try execute("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)'")
            if count.trimmingCharacters(in: .whitespacesAndNewlines) == "0" { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw Failure.internal("Somebody stays connected to \(name).")
    }

    /// The address of a database.
    public func url(_ database: String = "postgres") -> String {
        "postgres://postgres@127.0.0.1:\(port)/\(database)"
    }

    /// Removes a database by its address, whoever is connected to it.
    public func dropDatabase(_ url: String) throws {
        guard let name = url.split(separator: "/").last else { return }
        try execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// Runs a statement by itself and returns what it gives, a line for each row.
    @discardableResult
    public func execute(_ sql: String, in database: String = "postgres") throws -> String {
        try programs.run(
            "psql", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-d", database, "-X", "-q", "-A", "-t", "-v",
            "ON_ERROR_STOP=1", "-c", sql)
    }
}

/// The programs of PostgreSQL, run as somebody who is not root: the server refuses to run as root.
private struct Programs: Sendable {
    private let directory: String

    init() throws {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let candidates =
            versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" }
            + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        guard
            let found = candidates.first(where: {
                FileManager.default.isExecutableFile(atPath: "\($0)/initdb")
            })
        else {
            throw Failure(
                .internal, code: "postgres_missing", "PostgreSQL is not installed: `make setup` installs it.")
        }
        directory = found
    }

    init(at directory: String) { self.directory = directory }

    /// A directory that belongs to whoever runs the server.
    func makeDirectory(inMemory: Bool) throws -> String {
        let memory = "/dev/shm"
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        let path = "\(parent)/millrace-postgres-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if getuid() == 0 { _ = try succeeds("chown", "postgres:postgres", path, asRoot: true) }
        return path
    }

    @discardableResult
    func run(_ name: String, _ arguments: String...) throws -> String {
        let program =
            FileManager.default.isExecutableFile(atPath: "\(directory)/\(name)") ? "\(directory)/\(name)" : name
        let result = try launch([program] + arguments)
        guard result.status == 0 else {
            throw Failure(
                .internal, code: "postgres_failed", "\(name) \(arguments) ended with \(result.status): \(result.output)"
            )
        }
        return result.output
    }

    func succeeds(_ command: String..., asRoot: Bool = false) throws -> String {
        try launch(command, asRoot: asRoot).output
    }

    func append(_ text: String, to file: String) throws {
        let escaped = text.replacing("'", with: "'\\''")
        let result = try launch(["sh", "-c", "printf '%s' '\(escaped)' >> \(file)"])
        guard result.status == 0 else { throw Failure.internal("\(file) cannot be written: \(result.output)") }
    }

    func read(_ file: String) throws -> String { try launch(["cat", file]).output }

    /// The command by which somebody who is not root runs another.
    var prefix: [String] { getuid() == 0 ? ["runuser", "-u", "postgres", "--"] : [] }

    private func launch(_ command: [String], asRoot: Bool = false) throws -> Command.Result {
        try Command.run((asRoot ? [] : prefix) + command)
    }

    /// Stops a server and removes its files once the process of the tests has ended.
    func guardian(data: String, directory: String) throws -> Guardian {
        try Guardian(
            "\(self.directory)/pg_ctl -D \(data) -m immediate stop >/dev/null 2>&1; rm -rf \(directory)", as: prefix)
    }
}
