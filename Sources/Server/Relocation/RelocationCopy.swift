import Core
import Storage

/// Goes over the tables of a relocation: reads them at the source, copies them, and reads them on the target.
struct RelocationCopy: Sendable {
    private let ends: RelocationEnds
    private let plan: RelocationPlan
    private let batchRows: Int
    private let show: @Sendable (RelocationProgress) -> Void

    init(
        _ ends: RelocationEnds, _ plan: RelocationPlan, batchRows: Int,
        show: @escaping @Sendable (RelocationProgress) -> Void
    ) {
        self.ends = ends
        self.plan = plan
        self.batchRows = batchRows
        self.show = show
    }

    /// What the source holds.
    func readSource() async throws -> RelocationManifest {
        var counts: [Int] = []
        for table in plan.tables { counts.append(try await ends.source.read { try $0.count(table) }) }
        let total = counts.reduce(0, +)
        var entries: [RelocationManifest.Entry] = []
        var done = 0
        for table in plan.tables {
            var digest = TableDigest()
            let before = done
            try await forEachPage(of: table, after: nil) { page in
                digest.add(page)
                done += page.rowCount
                show(RelocationProgress(phase: .reading, table: table.name, rows: done, total: total))
            }
            entries.append(.init(table: table.name, rowCount: done - before, checksum: digest.finish()))
        }
        return RelocationManifest(entries)
    }

    /// Copies what the target does not have yet. Returns how many rows that was.
    func copy(_ manifest: RelocationManifest) async throws -> Int {
        let total = manifest.rowCount
        var done = 0
        var copied = 0
        for table in plan.tables {
            let (last, count) = try await ends.target.read { (try $0.lastKey(of: table), try $0.count(table)) }
            done += count
            try await forEachPage(of: table, after: last) { page in
                guard page.rowCount > 0 else { return }
                try await ends.loader.append(page, to: table)
                done += page.rowCount
                copied += page.rowCount
                show(RelocationProgress(phase: .copying, table: table.name, rows: done, total: total))
            }
        }
        return copied
    }

    /// Compares what the target holds with what the source held.
    ///
    /// - throws: ``Failure`` `relocation_mismatch` that names every table that differs.
    func verify(_ manifest: RelocationManifest) async throws -> [RelocationReport.Table] {
        var done = 0
        var mismatches: [RelocationMismatch] = []
        var tables: [RelocationReport.Table] = []
        for table in plan.tables {
            try Task.checkCancellation()
            guard let expected = manifest[table.name] else { throw Failure.internal("\(table.name) was not read.") }
            let (total, before) = (manifest.rowCount, done)
            let progress = { @Sendable [show] (rows: Int) in
                show(RelocationProgress(phase: .verifying, table: table.name, rows: before + rows, total: total))
            }
            let (rowCount, checksum) = try await ends.loader.digest(of: table, progress)
            done += rowCount
            progress(rowCount)
            let found = RelocationManifest.Entry(table: table.name, rowCount: rowCount, checksum: checksum)
            if found != expected { mismatches.append(RelocationMismatch(expected: expected, found: found)) }
            tables.append(.init(name: table.name, rowCount: rowCount, checksum: checksum))
        }
        guard mismatches.isEmpty else { throw Failure.relocationMismatch(mismatches) }
        return tables
    }

    /// Reads the rows of a table of the source that follow a key. The next page is read while the body has the last.
    private func forEachPage(
        of table: TableDescription, after key: [SQLValue]?, _ body: (TablePage) async throws -> Void
    ) async throws {
        var page = try await self.page(of: table, after: key)
        while let end = page.end {
            try Task.checkCancellation()
            async let next = self.page(of: table, after: end)
            try await body(page)
            page = try await next
        }
        try Task.checkCancellation()
        try await body(page)
    }

    private func page(of table: TableDescription, after key: [SQLValue]?) async throws -> TablePage {
        try await ends.source.read { [batchRows] transaction in
            try transaction.page(of: table, after: key, rowLimit: batchRows, byteLimit: Relocation.batchBytes)
        }
    }
}
