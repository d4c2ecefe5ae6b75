import ArgumentParser
import Commerce
import Core
import Foundation
import Server
import Synchronization

/// `millrace migrate`: an embedded shop moves onto PostgreSQL.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Moves the shop of a data directory onto PostgreSQL.",
        discussion: """
            Stop the server first, and give --to an empty database. Every table is copied with the positions of the \
            log and the keys of clients, and compared by counts and checksums. A run that ended in the middle goes on \
            by the same command. Nothing is taken away from the data directory.
            """)

    @Option(help: "The data directory of a server that does not run.") var from: String
    @Option(help: "An empty database: postgres://user:password@host:port/database.") var to: String
    @Option(help: "How many rows are copied at once.") var batch: Int = Relocation.defaultBatchRows

    func validate() throws {
        guard Relocation.batchRows.contains(batch) else {
            throw ValidationError("--batch takes 1 to \(Relocation.batchRows.upperBound) rows.")
        }
    }

    func run() async throws {
        let relocation = Relocation(from: from, to: to, settings: try Environment.settings(of: from), batchRows: batch)
        let bar = Mutex(PhaseBar())
        defer { bar.withLock { $0.clear() } }
        let report = try await relocation.run { progress in bar.withLock { $0.show(progress) } }
        bar.withLock { $0.clear() }
        print(report.text)
        print(
            """
            \(report.copied) rows copied, all tables verified; the log goes on after position \(report.position.value).
            Set storage.url (MILLRACE_STORAGE_URL) to the address that --to has, and start the servers.
            \(from) is as it was.
            """)
        guard report.discrepancies.isEmpty else {
            throw Failure(
                .conflict, code: "audit_failed",
                "The shop was moved as it is, but its books do not agree: "
                    + report.discrepancies.map(\.description).joined(separator: "; "))
        }
    }
}

/// A bar for each phase of a relocation in turn.
private struct PhaseBar {
    private var bar: ProgressBar?
    private var phase: RelocationProgress.Phase?

    mutating func show(_ progress: RelocationProgress) {
        if phase != progress.phase { clear() }
        let bar = self.bar ?? ProgressBar()
        self.bar = bar
        phase = progress.phase
        let share = progress.total > 0 ? Double(progress.rows) / Double(progress.total) : nil
        bar.show(rows: progress.rows, share: share, what: "\(progress.phase.rawValue) \(progress.table)")
    }

    mutating func clear() {
        bar?.clear()
        bar = nil
    }
}
