import Foundation
import Server

/// A line on the terminal that shows how far a long work is, redrawn at most ten times a second.
final class ProgressBar {
    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?

    /// How many characters the bar has.
    private static let width = 30

    /// - parameter what: what is being imported.
    func show(_ progress: ImportProgress, what: String = "") {
        let share = progress.totalBytes.flatMap { $0 > 0 ? Double(progress.bytes) / Double($0) : nil }
        show(rows: progress.rows, share: share, what: what)
    }

    /// - parameters:
    ///   - share: which part is done, from 0 to 1; nil when that is not known.
    ///   - what: what is being done.
    func show(rows: Int, share: Double?, what: String = "") {
        let now = ContinuousClock.now
        guard isShown, last.map({ now - $0 >= .milliseconds(100) }) ?? true else { return }
        last = now
        let seconds = max(0.001, (now - start) / .seconds(1))
        var line = "\(rows) rows, \(Int(Double(rows) / seconds)) a second"
        if let share = share.map({ min(1, $0) }) {
            let filled = Int(share * Double(Self.width))
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
            line = "[\(bar)] \(Int(share * 100)) %, \(line)"
        }
        write("\r\(line)\(what.isEmpty ? "" : ", \(what)")\u{1B}[K")
    }

    /// Writes a line of text in the place of the bar.
    func tell(_ text: String) {
        clear()
        write(text + "\n")
    }

    /// Takes the line away.
    func clear() {
        if isShown, last != nil { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
