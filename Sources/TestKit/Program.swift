import CSpawn
import Core
import Foundation
import Synchronization

/// A program of this machine as a process of its own.
///
/// Foundation's `Process` reads beyond its memory now and then when this process has more than a thousand open files,
/// and waits for everybody who has inherited a descriptor of its own.
public final class Program: Sendable {
    private enum End: Sendable {
        /// Nobody else has the identifier until the process is reaped.
        case open
        case reaped(Int32)
    }

    /// The identifier of the process.
    public let identifier: Int32
    private let end = Mutex(End.open)

    /// Starts a program.
    ///
    /// - parameters:
    ///   - arguments: its name, which is looked for in `PATH`, or its path, and what follows it.
    ///   - environment: its variables; nil means those of the tests.
    ///   - directory: where it stands.
    ///   - input: the descriptor that it reads; nil is nothing.
    ///   - output: the descriptor that it writes to; nil is nowhere.
    ///   - errors: the descriptor that it complains to; nil is nowhere.
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    public init(
        _ arguments: [String], environment: [String: String]? = nil, directory: String = "/", input: Int32? = nil,
        output: Int32? = nil, errors: Int32? = nil
    ) throws {
        try Self.require(arguments.first ?? "")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [input, output, errors].enumerated() {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(target), "/dev/null", O_RDWR, 0)
            }
        }
        // What this thread blocks, as those of the concurrency do, the program would block: no signal would end it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let variables = environment ?? ProcessInfo.processInfo.environment
        // A program that is left behind would keep the sockets of the tests open, and the pipe whose end it waits for.
        // A list of what is open would be out of date by the time of the start: other threads go on opening.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var words = (["env", "-C", directory] + arguments).map { strdup($0) } + [nil]
        var assignments = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + assignments { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(&identifier, "env", &actions, &attributes, &words, &assignments)
        guard code == 0 else { throw Failure.internal("env: \(String(cString: strerror(code)))") }
        self.identifier = identifier
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool {
        end.withLock { end in
            guard case .open = end else { return false }
            var information = siginfo_t()
            let code = waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT | WNOHANG)
            return code == 0 && information.si_signo == 0
        }
    }

    /// Sends it a signal, unless it has ended.
    public func send(_ signal: Int32) {
        end.withLock { end in
            guard case .open = end else { return }
            kill(identifier, signal)
        }
    }

    /// Lets it stand still, until it is sent SIGCONT.
    public func stall() {
        send(SIGSTOP)
        StoppedProcess.await(identifier)
    }

    /// Waits for its end on this thread, and returns its status: 128 and the number of the signal when one ended it.
    @discardableResult
    public func wait() -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return end.withLock { end in
            if case .reaped(let status) = end { return status }
            var word: Int32 = 0
            while waitpid(identifier, &word, 0) < 0, errno == EINTR {}
            let signal = word & 0x7F
            let status = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
            end = .reaped(status)
            return status
        }
    }

    /// Returns its status once it has ended, as ``wait()`` does.
    public func waitForEnd() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.wait()) }
        }
    }

    private static func require(_ name: String) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let places = name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
        guard places.contains(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Failure(
                .unavailable, code: "program_missing",
                "\(name) is not installed, and this test needs the real one. Run `make setup`.")
        }
    }
}
