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
    private let program: Program
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    init(_ name: String, _ arguments: [String], in directory: String) throws {
        self.name = name
        let output = Pipe()
        let descriptor = output.fileHandleForWriting.fileDescriptor
        program = try Program([name] + arguments, directory: directory, output: descriptor, errors: descriptor)
        // Its end is the end of the pipe only when nobody else holds it.
        try output.fileHandleForWriting.close()
        Thread.detachNewThread { [weak self] in
            Self.readLines(output.fileHandleForReading) { self?.append($0) }
            self?.end()
        }
    }

    deinit {
        send(SIGKILL)
        program.wait()
    }

    /// What it printed so far.
    var lines: [String] { state.withLock { $0.lines } }

    /// The identifier of the process.
    var identifier: Int32 { program.identifier }

    /// Sends it a signal.
    func send(_ signal: Int32) { program.send(signal) }

    /// Lets it stand still.
    func stall() { program.stall() }

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
    func waitForEnd() async -> Int32 { await program.waitForEnd() }

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
