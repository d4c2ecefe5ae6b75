import Core
import Foundation
import Workload

/// A line on the terminal that shows how a run goes, once a second.
final class LoadProgress: Sendable {
    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let seconds: Int

    /// The progress of a run of a scenario.
    init(of scenario: Scenario) { seconds = Int((scenario.load.duration / .seconds(1)).rounded(.up)) }

    /// Shows what ended in a second.
    func show(_ figures: IntervalFigures) {
        guard isShown else { return }
        let times = [figures.median, figures.p99, figures.longest].map(LoadReport.time).joined(separator: " / ")
        let failed = figures.failures > 0 ? ", \(figures.failures) failed" : ""
        write("\r\(figures.second + 1) of \(seconds) s: \(figures.count)/s, p50 / p99 / max \(times)\(failed)\u{1B}[K")
    }

    /// Writes a line, also where nobody looks.
    func tell(_ text: String) { write(isShown ? "\r\(text)\u{1B}[K\n" : "\(text)\n") }

    /// Takes the line away.
    func clear() { if isShown { write("\r\u{1B}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
