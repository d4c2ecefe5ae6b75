import ChangeLog
import Commerce
public import Core
public import Storage

/// Moves an embedded shop onto PostgreSQL.
///
/// It reads the source once for its digests, copies each table in the order of its key, batch by batch, and then reads
/// the target and compares. A batch is one `COPY`, so all of it is there or nothing. Therefore the last key of a table
/// on the target says where the next batch begins, and a run that was killed at any moment is gone on with by the next
/// one.
public struct Relocation: Sendable {
    /// How many rows a batch has when nobody says otherwise.
    public static let defaultBatchRows = 20_000
    /// How many rows a batch may have.
    public static let batchRows = 1...1_000_000
    /// After how many bytes a batch takes no further row.
    static let batchBytes = 8 << 20

    private let directory: String
    private let url: String
    private let settings: SettingsValues
    private let batchRows: Int
    private let time: any TimeSource

    /// A relocation that has not begun.
    ///
    /// - parameters:
    ///   - directory: the data directory of a server that does not run.
    ///   - url: an empty database of a PostgreSQL server.
    public init(
        from directory: String, to url: String, settings: SettingsValues = .defaults,
        batchRows: Int = defaultBatchRows, time: any TimeSource = SystemTime()
    ) {
        self.directory = directory
        self.url = url
        self.settings = settings
        self.batchRows = min(max(batchRows, Self.batchRows.lowerBound), Self.batchRows.upperBound)
        self.time = time
    }

    /// Moves everything, or goes on where an earlier run ended. It ends at the next batch when the task is cancelled.
    ///
    /// - throws: ``Failure`` `relocation_target_not_empty`, `relocation_source_changed`, `relocation_mismatch`,
    ///   `value_not_storable` and others; `CancellationError`.
    public func run(
        _ show: @escaping @Sendable (RelocationProgress) -> Void = { _ in }
    ) async throws -> RelocationReport {
        let ends = try await RelocationEnds(from: directory, to: url, settings: settings)
        do {
            let report = try await run(ends, show)
            await ends.close()
            return report
        } catch {
            await ends.close()
            throw error
        }
    }

    /// Refuses a database that a relocation is not finished with: nobody may serve from it.
    ///
    /// - throws: ``Failure`` `relocation_unfinished`.
    public static func checkFinished(_ database: any Database) async throws {
        guard try await database.tables().contains(where: { $0.name == RelocationManifest.table }) else { return }
        throw Failure(
            .conflict, code: "relocation_unfinished",
            "The database holds a part of a shop only. Run the same `millrace migrate` again until it is done.")
    }

    private func run(
        _ ends: RelocationEnds, _ show: @escaping @Sendable (RelocationProgress) -> Void
    ) async throws -> RelocationReport {
        try await claim(ends.target)
        try await ends.source.migrate(Store.schemas, at: time)
        try await ends.target.migrate(Store.schemas, at: time)
        try await ChangeLog.preparePartitions(of: ends.target, at: time.now())
        let plan = try RelocationPlan(source: await ends.source.tables(), target: await ends.target.tables())
        let copy = RelocationCopy(ends, plan, batchRows: batchRows, show: show)
        let manifest = try await copy.readSource()
        try await begin(plan, manifest, ends.target)
        let copied = try await copy.copy(manifest)
        try await ends.target.setSequences(of: plan.tables)
        try await ends.target.analyze(plan.tables)
        let tables = try await copy.verify(manifest)
        let (position, discrepancies) = try await ends.target.read { transaction in
            (try ChangeLog.last(in: transaction), try CommerceAudit.run(in: transaction, of: .postgres))
        }
        try await ends.target.write { try RelocationManifest.remove(in: $0) }
        return RelocationReport(tables: tables, copied: copied, position: position, discrepancies: discrepancies)
    }

    /// Marks an empty database as the target, before it gets any other table.
    private func claim(_ target: PostgresDatabase) async throws {
        let tables = try await target.tables()
        if tables.contains(where: { $0.name == RelocationManifest.table }) { return }
        guard tables.isEmpty else { throw Failure.targetNotEmpty }
        try await target.write { try RelocationManifest.prepare(in: $0) }
    }

    /// Notes what is to move, or looks whether it is the same as when an earlier run began.
    private func begin(
        _ plan: RelocationPlan, _ manifest: RelocationManifest, _ target: PostgresDatabase
    ) async throws {
        let differences = try await target.write { transaction -> [String] in
            if let earlier = try RelocationManifest.find(in: transaction) {
                return earlier.differences(from: manifest)
            }
            // What the migrations have put into the tables of a new shop is in the source as it is there.
            for table in plan.tables.reversed() { try transaction.clear(table) }
            try manifest.store(in: transaction)
            return []
        }
        guard differences.isEmpty else { throw Failure.sourceChanged(differences) }
    }
}
