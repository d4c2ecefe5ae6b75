public import Core
import Foundation
import Synchronization

/// A real SMTP server on a free port of this machine, which says what it was given. It ends with the last reference.
public final class SMTPServer: Sendable {
    /// How a server encrypts.
    public enum Encryption: String, Sendable, CaseIterable {
        /// Not at all.
        case none
        /// When asked to, and before anything else.
        case starttls
        /// From the first byte.
        case tls
    }

    /// Where it listens.
    public let port: Int
    private let directory: TemporaryDirectory
    private let arguments: [String]
    private let process: Mutex<LoggedProcess>

    /// Starts a server, and returns once it listens.
    ///
    /// - parameters:
    ///   - certificate: what it encrypts with.
    ///   - login: who has to log in.
    ///   - mechanism: `PLAIN` or `LOGIN`, if it knows only one.
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    public init(
        _ encryption: Encryption = .none, certificate: TestCertificate? = nil,
        login: (user: String, password: String)? = nil, mechanism: String? = nil
    ) async throws {
        port = try FreePort.find()
        directory = try TemporaryDirectory()
        var arguments = ["--port", String(port), "--tls", encryption.rawValue]
        if let certificate { arguments += ["--certificate", certificate.path, "--key", certificate.keyPath] }
        if let login { arguments += ["--user", login.user, "--password", login.password] }
        if let mechanism { arguments += ["--mechanism", mechanism] }
        self.arguments = arguments
        process = Mutex(try Self.start(arguments, directory))
        try await current.waitForLine("listening")
    }

    /// How many connections were made so far.
    public var connectionCount: Int { count("connection") }
    /// How many times a connection was used again.
    public var resetCount: Int { count("reset") }

    /// The messages that it took, once there are so many.
    public func messages(_ count: Int = 1) async throws -> [JSONObject] {
        try await current.waitForLine("message {", count: count)
        return try current.lines.filter { $0.hasPrefix("message {") }.compactMap { line in
            guard case .object(let object) = try JSONParser.parse(Array(line.dropFirst("message ".count).utf8)) else {
                return nil
            }
            return object
        }
    }

    /// Ends it at once, as a crash does.
    public func kill() async {
        current.send(SIGKILL)
        _ = await current.waitForEnd()
    }

    /// Starts it again on the same port.
    public func restart() async throws {
        let next = try Self.start(arguments, directory)
        process.withLock { $0 = next }
        try await next.waitForLine("listening")
    }

    private var current: LoggedProcess { process.withLock { $0 } }

    private func count(_ line: String) -> Int { current.lines.count { $0 == line } }

    private static func start(_ arguments: [String], _ directory: TemporaryDirectory) throws -> LoggedProcess {
        let words = try Python.command("smtp_server.py", arguments)
        return try LoggedProcess(words[0], Array(words.dropFirst()), in: directory.path)
    }
}
