import Core
import Foundation
import Synchronization

/// A real `redis-server` on a free port of this machine, with a directory of its own. It ends with the last reference.
public final class RedisServer: Sendable {
    /// Where it listens.
    public let port: Int
    private let directory: TemporaryDirectory
    private let command: [String]
    private let process: Mutex<LoggedProcess>
    /// What ends the last one where nobody lets go of this.
    private let guardian = Mutex<Guardian?>(nil)

    /// Starts a server, and returns once it answers.
    ///
    /// - parameter arguments: further ones of `redis-server`, for example `["--requirepass", "secret"]`.
    /// - throws: ``Failure`` `program_missing` when Redis is not installed.
    public convenience init(_ arguments: [String] = []) async throws {
        try await self.init(program: "redis-server", arguments)
    }

    /// Starts the server of a program that is called otherwise.
    init(program: String, _ arguments: [String]) async throws {
        port = try FreePort.find()
        directory = try TemporaryDirectory()
        command = [program] + arguments
        process = Mutex(try Self.start(port, directory.path, command))
        try await current.waitForLine("Ready to accept connections")
    }

    /// Lets it end with the tests, where it is held until then. It must not be started again.
    func endWithTests() throws {
        let end = try Guardian("kill -9 \(current.identifier) 2>/dev/null; rm -rf \(directory.path)")
        guardian.withLock { $0 = end }
    }

    /// Its address, as a setting takes it.
    public var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends it at once, as a crash does.
    public func kill() async {
        current.send(SIGKILL)
        _ = await current.waitForEnd()
    }

    /// Starts it again on the same port: empty, unless it has written a file.
    public func restart() async throws {
        let next = try Self.start(port, directory.path, command)
        process.withLock { $0 = next }
        try await next.waitForLine("Ready to accept connections")
    }

    /// Stops its work without ending it, as an overloaded machine does.
    public func stall() { current.stall() }

    /// Lets it go on.
    public func resume() { current.send(SIGCONT) }

    /// Runs a command with `redis-cli` and returns the lines of its answer.
    public func run(_ command: String...) async throws -> [String] {
        try await Self.client(["-p", String(port)] + command, in: directory.path)
    }

    /// Returns once it has printed a line with a text.
    func waitForLine(_ text: String, count: Int = 1) async throws {
        try await current.waitForLine(text, count: count)
    }

    /// Runs `redis-cli` to its end.
    static func client(_ arguments: [String], in directory: String) async throws -> [String] {
        let client = try LoggedProcess("redis-cli", arguments, in: directory)
        let status = await client.waitForEnd()
        await client.waitForLastLine()
        guard status == 0 else {
            throw Failure(
                .internal, code: "redis_cli_failed", "redis-cli \(arguments) failed:\n\(client.lines.joined())")
        }
        return client.lines
    }

    private var current: LoggedProcess { process.withLock { $0 } }

    private static func start(_ port: Int, _ directory: String, _ command: [String]) throws -> LoggedProcess {
        let own = [
            "--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no",
        ]
        return try LoggedProcess(command[0], own + command.dropFirst(), in: directory)
    }
}
