import Core
import Foundation
import Storage
import Telemetry

/// The file of a text index while it is open. ``TextIndex`` decides when it is opened, deleted and made anew.
final class TextIndexFile: Sendable {
    private let database: SQLiteDatabase

    /// Opens a file, creating it when there is none.
    ///
    /// - throws: when it is damaged, of another version, or not ours.
    init(path: String, settings: SettingsValues) async throws {
        // Its connections are not those of the primary store, so they do not count in the same metrics.
        database = try SQLiteDatabase(
            path: path, settings: settings,
            options: SQLiteOptions(
                isDerived: true, pageCache: settings[SearchSettings.pageCache], prepare: TextRanking.register),
            metrics: MetricsRegistry())
        do {
            try await check()
            try await database.migrate([TextIndexSchema.schema])
        } catch {
            await database.close()
            throw error
        }
    }

    /// Deletes a file and what belongs to it.
    static func delete(path: String) throws {
        for file in [path, "\(path)-wal", "\(path)-shm"] where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }

    func close() async { await database.close() }

    /// The position that the documents stand for, or nil while not all are there.
    func position() async throws -> LogPosition? {
        try await database.read { transaction in
            try transaction.first("SELECT position FROM progress WHERE name = 'log'") { $0.position(0) }
        }
    }

    /// Stores and removes documents, and the position that they stand for then, if any, in one transaction.
    func apply(upserts: [TextDocument], deletions: [TextDocument.Key], upTo position: LogPosition?) async throws {
        try await database.write { transaction in
            for key in deletions { try Self.remove(try Self.stored(key, in: transaction), in: transaction) }
            let last = try transaction.first("SELECT number FROM documents ORDER BY number DESC LIMIT 1") {
                $0.integer(0)
            }
            var sequence = (last ?? 0) >> TextRowNumber.featureBits
            for document in upserts {
                let stored = try Self.stored(document.key, in: transaction)
                if stored?.document == document { continue }
                try Self.remove(stored, in: transaction)
                sequence += 1
                try Self.insert(document, sequence: sequence, in: transaction)
            }
            guard let position else { return }
            try transaction.execute(
                """
                INSERT INTO progress (name, position) VALUES ('log', \(position))
                ON CONFLICT (name) DO UPDATE SET position = excluded.position
                """)
        }
    }

    /// Merges the parts of the full-text table, so that a search looks at one.
    func optimize() async throws {
        _ = try await database.write { try $0.execute("INSERT INTO terms (terms) VALUES ('optimize')") }
    }

    /// The best hits of a query.
    func search(_ query: TextQuery, of tenant: Tenant) async throws -> [TextHit] {
        let expression = SQLValue.utf8(TextTerms(tenant).expression(query))
        let filter: SQL = query.active.map { "AND rowid & 1 = \($0)" } ?? ""
        let found = try await database.read { transaction in
            var highlighter = TextHighlighter(query)
            return try transaction.rows(
                """
                SELECT documents.id, documents.sku, documents.title, documents.tags, documents.body, best.score,
                    best.number
                FROM (
                    SELECT number, score
                    FROM (
                        SELECT rowid AS number, text_rank(terms) AS score FROM terms
                        WHERE terms MATCH \(expression) \(filter)
                        ORDER BY rowid DESC LIMIT \(TextIndex.rankLimit))
                    ORDER BY score DESC, number DESC LIMIT \(query.limit)) AS best
                JOIN documents ON documents.number = best.number
                """
            ) { row in
                var highlights: [TextField: String] = [:]
                for (index, field) in TextField.allCases.enumerated() {
                    highlights[field] = row.withBytes(index + 1) { highlighter.highlight($0) }
                }
                let hit = TextHit(id: try row.identifier(0), score: row.real(5), highlights: highlights)
                return (hit: hit, number: row.integer(6))
            }
        }
        // Sorted here, because the engine would copy the texts to sort them.
        return found.sorted { ($0.hit.score, $0.number) > ($1.hit.score, $1.number) }.map(\.hit)
    }

    /// Looks at the structure of the whole file.
    private func check() async throws {
        let report = try await database.read { transaction in
            try transaction.first("PRAGMA quick_check(1)") { $0.text(0) }
        }
        guard report == "ok" else {
            throw Failure(.internal, code: "storage_corrupt", "The index file is damaged: \(report ?? "no answer").")
        }
    }

    private static func stored(
        _ key: TextDocument.Key, in transaction: any WriteTransaction
    ) throws -> (number: Int64, document: TextDocument)? {
        try transaction.first(
            """
            SELECT number, sku, title, tags, body, is_active FROM documents
            WHERE tenant = \(key.tenant) AND id = \(key.id)
            """
        ) { row in
            (
                row.integer(0),
                TextDocument(
                    key: key, sku: row.text(1), title: row.text(2), tags: row.text(3), body: row.text(4),
                    isActive: row.bool(5))
            )
        }
    }

    private static func insert(
        _ document: TextDocument, sequence: Int64, in transaction: any WriteTransaction
    ) throws {
        let columns = Columns(document)
        let number = TextRowNumber.make(sequence: sequence, words: columns.counts, isActive: document.isActive)
        try transaction.execute(
            """
            INSERT INTO documents (number, tenant, id, is_active, sku, title, tags, body)
            VALUES (\(number), \(document.key.tenant), \(document.key.id), \(document.isActive), \(document.sku),
                \(document.title), \(document.tags), \(document.body))
            """)
        try transaction.execute(
            """
            INSERT INTO terms (rowid, sku, title, tags, body)
            VALUES (\(number), \(columns[.sku]), \(columns[.title]), \(columns[.tags]), \(columns[.body]))
            """)
    }

    private static func remove(
        _ stored: (number: Int64, document: TextDocument)?, in transaction: any WriteTransaction
    ) throws {
        guard let stored else { return }
        let columns = Columns(stored.document)
        // A table that keeps no text has to be told which words to forget.
        try transaction.execute(
            """
            INSERT INTO terms (terms, rowid, sku, title, tags, body)
            VALUES ('delete', \(stored.number), \(columns[.sku]), \(columns[.title]), \(columns[.tags]),
            \(columns[.body]))
            """)
        try transaction.execute("DELETE FROM documents WHERE number = \(stored.number)")
    }
}

/// The words of a document, as the full-text table takes them.
private struct Columns {
    private(set) var counts: [TextField: Int] = [:]
    private var terms: [TextField: [UInt8]] = [:]

    init(_ document: TextDocument) {
        let tenantTerms = TextTerms(document.key.tenant)
        for field in TextField.allCases {
            (terms[field], counts[field]) = tenantTerms.column(document[field])
        }
    }

    subscript(field: TextField) -> SQLValue { .utf8(terms[field] ?? []) }
}
