import Foundation

/// Processes that a test lets stand still.
enum StoppedProcess {
    /// How often it is looked whether a process stands still.
    private static let attempts = 1_000_000

    /// Returns once none of the threads of a process runs, to which SIGSTOP was sent. The kernel stops each thread on
    /// the processor where it runs, so one may go on for a while and answer what is asked after the signal.
    static func await(_ process: Int32) {
        for _ in 0..<attempts {
            if threads(of: process).allSatisfy(isStill) { return }
            sched_yield()
        }
    }

    private static func threads(of process: Int32) -> [String] {
        let directory = "/proc/\(process)/task"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.map { "\(directory)/\($0)/stat" }
    }

    /// Whether a thread has stopped or ended (proc(5): the state follows the name, which stands in parentheses).
    private static func isStill(_ path: String) -> Bool {
        guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }),
            let name = text.lastIndex(of: ")")
        else { return true }
        return text[name...].dropFirst(2).first.map { "TtZX".contains($0) } ?? true
    }
}
