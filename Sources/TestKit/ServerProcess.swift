import Core
import Foundation

/// The built `millrace` as a process of its own, for tests that start, stop and kill a real server.
public final class ServerProcess: Sendable {
    /// Where it listens, as it said: `http://127.0.0.1:40123`.
    public let address: String
    /// What it printed before that, line by line.
    public let greeting: [String]
    private let child: ChildProcess

    /// Where the binary is that was built with the tests.
    public static var binary: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("millrace").path
    }

    /// Starts a server on a free port, and returns once it listens.
    ///
    /// - parameter arguments: further arguments of `millrace serve`.
    /// - parameter environment: variables beside those of the tests.
    /// - throws: ``Failure`` `server_not_started` with what it printed, when it ends or is silent for a minute.
    public init(
        data: String, arguments: [String] = [], environment: [String: String] = [:]
    ) async throws {
        child = try ChildProcess(
            ["serve", "--data", data, "--port", "0"] + arguments, environment: environment)
        var lines: [String] = []
        for await line in child.lines {
            if line.hasPrefix("millrace "), let mark = line.range(of: " listening on ") {
                address = String(line[mark.upperBound...])
                greeting = lines
                child.runOn()
                return
            }
            lines.append(line)
        }
        let status = await child.wait()
        throw Failure(
            .internal, code: "server_not_started",
            "The server ended with status \(status). It printed: \(lines) and: \(child.errors)")
    }

    /// The identifier of the process.
    public var identifier: Int32 { child.identifier }
    /// What it has logged so far.
    public var log: String { child.errors }
    /// The key that it made and showed, if it did.
    public var adminKey: String? {
        greeting.firstNonNil { line in
            line.hasPrefix("admin key: ") ? line.split(separator: " ").dropFirst(2).first.map(String.init) : nil
        }
    }

    /// Returns once it says that it is ready: it listens before its indexes are open.
    ///
    /// - throws: ``Failure`` `server_not_ready` when that takes longer than ten seconds.
    public func waitUntilReady() async throws {
        let port = address.split(separator: ":").last.flatMap { Int($0) } ?? 0
        let end = ContinuousClock.now + .seconds(10)
        var answer = ""
        while ContinuousClock.now < end {
            let client = try RawConnection(port: port)
            try await client.send("GET /ready HTTP/1.1\r\nHost: millrace\r\nConnection: close\r\n\r\n")
            let response = try await client.response()
            if response.status == 200 { return }
            answer = response.text
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Failure(.internal, code: "server_not_ready", "The server is still not ready: \(answer)")
    }

    /// Asks it to end, as an operator does, and returns the status that it ends with.
    public func stop() async -> Int32 {
        child.send(SIGTERM)
        return await child.wait()
    }

    /// Ends it at once, as a crash does, and returns the status that it ended with: 137, unless it had ended before.
    @discardableResult public func kill() async -> Int32 {
        child.send(SIGKILL)
        return await child.wait()
    }

    /// Stops its work without ending it, as an overloaded machine does.
    public func stall() { child.stall() }

    /// Lets it go on.
    public func resume() { child.send(SIGCONT) }

    /// How a command ended.
    public struct Result: Sendable {
        /// Its status; 128 and the number of the signal when a signal ended it.
        public let status: Int32
        /// What it printed to standard output.
        public let output: String
        /// What it printed to standard error.
        public let errors: String
    }

    /// Runs a verb of the command line to its end.
    ///
    /// - parameter input: what it reads from standard input.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], in directory: String? = nil, input: String = ""
    ) async throws -> Result {
        let child = try ChildProcess(arguments, environment: environment, directory: directory, input: input)
        var lines: [String] = []
        for await line in child.lines { lines.append(line) }
        let status = await child.wait()
        return Result(status: status, output: lines.map { "\($0)\n" }.joined(), errors: child.errors)
    }
}

/// A verb of the command line while it runs, for tests that end it before it is done.
public final class RunningCommand: Sendable {
    private let child: ChildProcess

    /// Starts a verb.
    public init(_ arguments: [String], environment: [String: String] = [:]) throws {
        child = try ChildProcess(arguments, environment: environment)
    }

    /// Ends it at once, as a crash does, and returns the status that it ended with: 137, unless it was done before.
    public func kill() async -> Int32 {
        child.send(SIGKILL)
        return await child.wait()
    }

    /// What it has printed to standard error so far.
    public var errors: String { child.errors }
}

/// A process of the built binary, its standard output as lines and its standard error in a file.
private final class ChildProcess: Sendable {
    /// How long a server may take to listen, and a process to end, before it is killed, in seconds.
    static let patience = 60

    let lines: AsyncStream<String>
    private let program: Program
    private let directory: TemporaryDirectory
    private let deadline: Task<Void, Never>

    init(
        _ arguments: [String], environment: [String: String], directory: String? = nil, input: String = ""
    ) throws {
        let files = try TemporaryDirectory()
        self.directory = files
        for (name, text) in [("errors", ""), ("input", input)] {
            try text.write(toFile: files.file(name), atomically: true, encoding: .utf8)
        }
        let inputFile = try FileHandle(forReadingFrom: URL(fileURLWithPath: files.file("input")))
        let errorFile = try FileHandle(forWritingTo: URL(fileURLWithPath: files.file("errors")))
        let output = Pipe()
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MILLRACE_") }
        program = try Program(
            [ServerProcess.binary] + arguments, environment: inherited.merging(environment) { $1 },
            directory: directory ?? files.path, input: inputFile.fileDescriptor,
            output: output.fileHandleForWriting.fileDescriptor, errors: errorFile.fileDescriptor)
        // Its end is the end of the pipe only when nobody else holds it.
        try output.fileHandleForWriting.close()
        deadline = Self.deadline(of: program)
        let (lines, lineContinuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        Thread.detachNewThread {
            Self.readLines(output.fileHandleForReading) { lineContinuation.yield($0) }
            lineContinuation.finish()
        }
    }

    var identifier: Int32 { program.identifier }

    var errors: String {
        String(decoding: FileManager.default.contents(atPath: directory.file("errors")) ?? Data(), as: UTF8.self)
    }

    func send(_ signal: Int32) { program.send(signal) }

    /// Lets it stand still.
    func stall() { program.stall() }

    /// Lets it run for as long as it likes.
    func runOn() { deadline.cancel() }

    /// Its status once it has ended. It is killed when that takes too long.
    func wait() async -> Int32 {
        let limit = Self.deadline(of: program)
        defer {
            limit.cancel()
            deadline.cancel()
        }
        return await program.waitForEnd()
    }

    private static func deadline(of program: Program) -> Task<Void, Never> {
        Task {
            // A cancelled wait means that the process met its deadline.
            guard (try? await Task.sleep(for: .seconds(patience))) != nil else { return }
            program.send(SIGKILL)
        }
    }

    /// What there is to read, empty at the end, nil after an error. `availableData` ends this process when a signal
    /// interrupts it.
    private static func readPart(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count >= 0 { return Array(buffer[..<count]) }
            if errno != EINTR { return nil }
        }
    }

    private static func readLines(_ handle: FileHandle, _ body: (String) -> Void) {
        var rest: [UInt8] = []
        while true {
            guard let bytes = readPart(handle.fileDescriptor), !bytes.isEmpty else { break }
            rest += bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                body(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        }
        if !rest.isEmpty { body(String(decoding: rest, as: UTF8.self)) }
    }
}

extension Sequence {
    fileprivate func firstNonNil<T>(_ transform: (Element) -> T?) -> T? {
        for element in self {
            if let result = transform(element) { return result }
        }
        return nil
    }
}
