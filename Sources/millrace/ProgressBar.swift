import Foundation
import Server

/// A line on the terminal that shows how far an import is, redrawn at most ten times a second.
final class ProgressBar {
    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?

    /// How many characters the bar has.
    private static let width = 30

    func show(_ progress: ImportProgress) {
        let now = ContinuousClock.now
        guard isShown, last.map({ now - $0 >= .milliseconds(100) }) ?? true else { return }
        last = now
        let seconds = max(0.001, (now - start) / .seconds(1))
        var line = "\r\(progress.rows) rows, \(Int(Double(progress.rows) / seconds)) a second"
        if let total = progress.totalBytes, total > 0 {
            let share = min(1, Double(progress.bytes) / Double(total))
            let filled = Int(share * Double(Self.width))
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
            line = "\r[\(bar)] \(Int(share * 100)) %, " + line.dropFirst()
        }
        write(line + "\u{1B}[K")
    }

    /// Takes the line away.
    func clear() {
        if isShown, last != nil { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
