import Core
import Foundation
import Synchronization

/// A program of this machine as a process of its own, whose lines tests wait for.
final class LoggedProcess: Sendable {
    private struct State {
        var lines: [String] = []
        var hasEnded = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private struct Waiter {
        let text: String
        let count: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    /// How long a line or the end is waited for, in seconds.
    private static let patience = 30.0

    private let name: String
    private let process: Process
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    init(_ name: String, _ arguments: [String], in directory: String) throws {
        self.name = name
        let process = Process()
        self.process = process
        process.executableURL = try Self.find(name)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try ProcessLauncher.run(process)
        Thread.detachNewThread { [weak self] in
            Self.readLines(output.fileHandleForReading) { self?.append($0) }
            self?.end()
        }
    }

    deinit {
        if process.isRunning { send(SIGKILL) }
    }

    /// What it printed so far.
    var lines: [String] { state.withLock { $0.lines } }

    /// Sends it a signal.
    func send(_ signal: Int32) {
        // The number 0 would be this process and all of its group.
        guard process.processIdentifier > 0 else { return }
        Foundation.kill(process.processIdentifier, signal)
    }

    /// Returns once it has printed so many lines with a text.
    ///
    /// - throws: ``Failure`` `line_missing` with what it printed, when it ends before or does not print it in time.
    func waitForLine(_ text: String, count: Int = 1) async throws {
        let isThere = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let waiter: Int? = state.withLock { state in
                if Self.count(text, in: state.lines) >= count {
                    continuation.resume(returning: true)
                    return nil
                }
                if state.hasEnded {
                    continuation.resume(returning: false)
                    return nil
                }
                state.nextWaiter += 1
                state.waiters[state.nextWaiter] = Waiter(text: text, count: count, continuation: continuation)
                return state.nextWaiter
            }
            guard let waiter else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { [weak self] in
                self?.state.withLock { $0.waiters.removeValue(forKey: waiter) }?.continuation.resume(returning: false)
            }
        }
        guard isThere else {
            throw Failure(
                .internal, code: "line_missing",
                "\(name) did not print \"\(text)\" in time. It printed:\n\(lines.joined(separator: "\n"))")
        }
    }

    /// Returns once all that it printed has been read; it has ended by then.
    func waitForLastLine() async {
        // No line has it, so only the end resumes the one who waits.
        try? await waitForLine("\u{0}")
    }

    /// Returns its status once it has ended.
    func waitForEnd() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [process] in
                process.waitUntilExit()
                continuation.resume(returning: process.terminationStatus)
            }
        }
    }

    /// A program in the directories of `PATH`.
    private static func find(_ name: String) throws -> URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        for directory in path.split(separator: ":") {
            let file = "\(directory)/\(name)"
            if FileManager.default.isExecutableFile(atPath: file) { return URL(fileURLWithPath: file) }
        }
        throw Failure(
            .unavailable, code: "program_missing",
            "\(name) is not installed, and this test needs the real one. Run `make setup`.")
    }

    private func append(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            for (number, waiter) in state.waiters where line.contains(waiter.text) {
                guard Self.count(waiter.text, in: state.lines) >= waiter.count else { continue }
                state.waiters.removeValue(forKey: number)
                waiter.continuation.resume(returning: true)
            }
        }
    }

    private func end() {
        state.withLock { state in
            state.hasEnded = true
            for waiter in state.waiters.values { waiter.continuation.resume(returning: false) }
            state.waiters.removeAll()
        }
    }

    private static func count(_ text: String, in lines: [String]) -> Int {
        lines.count { $0.contains(text) }
    }

    private static func readLines(_ handle: FileHandle, _ body: (String) -> Void) {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(handle.fileDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                body(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        }
        if !rest.isEmpty { body(String(decoding: rest, as: UTF8.self)) }
    }
}
