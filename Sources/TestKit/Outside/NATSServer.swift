public import Core
import Foundation
import Synchronization

/// A real `nats-server` with JetStream on a free port of this machine. It ends with the last reference.
public final class NATSServer: Sendable {
    /// Where it listens.
    public let port: Int
    private let directory: TemporaryDirectory
    private let process: Mutex<LoggedProcess>

    /// Starts a server, and returns once it is ready.
    ///
    /// - parameter configuration: further lines of its configuration, for example `authorization { token: secret }`.
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    public init(_ configuration: String = "") async throws {
        port = try FreePort.find()
        directory = try TemporaryDirectory()
        process = Mutex(try Self.start(port, directory, configuration))
        try await current.waitForLine("Server is ready")
    }

    /// Its address, as a setting takes it.
    ///
    /// - parameter login: what stands before the host, with its `@`.
    public func url(_ login: String = "", scheme: String = "nats") -> String { "\(scheme)://\(login)127.0.0.1:\(port)" }

    /// Ends it at once, as a crash does.
    public func kill() async {
        current.send(SIGKILL)
        _ = await current.waitForEnd()
    }

    /// Starts it again on the same port with what it has stored.
    public func restart(_ configuration: String = "") async throws {
        let next = try Self.start(port, directory, configuration)
        process.withLock { $0 = next }
        try await next.waitForLine("Server is ready")
    }

    /// Stops its work without ending it, as an overloaded machine does.
    public func stall() { current.stall() }

    /// Lets it go on.
    public func resume() { current.send(SIGCONT) }

    /// Adds a stream that stores messages to some subjects.
    ///
    /// - parameter options: further members of its configuration, as JSON with a comma before it.
    public func addStream(_ name: String, subjects: String, options: String = "") async throws {
        let configuration = #"{"name":"\#(name)","subjects":["\#(subjects)"],"storage":"file"\#(options)}"#
        let reply = try await request("$JS.API.STREAM.CREATE.\(name)", configuration)
        guard reply["error"] == nil else { throw Failure.internal("The stream \(name) was not added: \(reply)") }
    }

    /// How many messages a stream has.
    public func messageCount(of stream: String) async throws -> Int {
        let reply = try await request("$JS.API.STREAM.INFO.\(stream)", "")
        guard case .object(let state)? = reply["state"], case .number(let text)? = state["messages"] else {
            throw Failure.internal("The stream \(stream) says nothing: \(reply)")
        }
        return Int(text) ?? 0
    }

    /// A message of a stream, with its fields decoded: `subject`, `hdrs` and `data` in base64.
    public func message(_ sequence: Int64, of stream: String) async throws -> JSONObject {
        let reply = try await request("$JS.API.STREAM.MSG.GET.\(stream)", #"{"seq":\#(sequence)}"#)
        guard case .object(let message)? = reply["message"] else {
            throw Failure.internal("The stream \(stream) has no message \(sequence): \(reply)")
        }
        return message
    }

    /// Asks the server something of JetStream, for servers that let everybody in without encryption.
    private func request(_ subject: String, _ payload: String) async throws -> JSONObject {
        let connection = try RawConnection(port: port)
        _ = try await connection.line()
        try await connection.send(
            "CONNECT {\"verbose\":false}\r\nSUB answer 1\r\n"
                + "PUB \(subject) answer \(payload.utf8.count)\r\n\(payload)\r\n"
        )
        while true {
            guard try await connection.line().hasPrefix("MSG") else { continue }
            guard case .object(let reply) = try JSONParser.parse(Array(try await connection.line().utf8)) else {
                throw Failure.internal("The server did not answer \(subject) with an object.")
            }
            return reply
        }
    }

    private var current: LoggedProcess { process.withLock { $0 } }

    private static func start(
        _ port: Int, _ directory: TemporaryDirectory, _ configuration: String
    ) throws -> LoggedProcess {
        let lines = """
            listen: "127.0.0.1:\(port)"
            jetstream { store_dir: "\(directory.path)" }
            \(configuration)

            """
        try lines.write(toFile: directory.file("nats.conf"), atomically: true, encoding: .utf8)
        return try LoggedProcess("nats-server", ["-c", directory.file("nats.conf")], in: directory.path)
    }
}
