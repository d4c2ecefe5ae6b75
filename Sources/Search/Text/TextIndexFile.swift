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
            options: SQLiteOptions(isDerived: true, pageCache: settings[SearchSettings.pageCache]),
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
            var postings = PostingChanges()
            for key in deletions {
                if let stored = try Self.stored(key, in: transaction) {
                    try Self.remove(stored, &postings, in: transaction)
                }
            }
            let last = try transaction.first("SELECT number FROM documents ORDER BY number DESC LIMIT 1") {
                $0.integer(0)
            }
            var sequence = (last ?? 0) >> TextRowNumber.featureBits
            for document in upserts {
                if let stored = try Self.stored(document.key, in: transaction) {
                    if stored.document == document { continue }
                    if stored.document.isFound(like: document) {
                        try transaction.execute(
                            """
                            UPDATE documents SET payload = \(SQLValue.bytes(document.payload))
                            WHERE number = \(stored.number)
                            """)
                        continue
                    }
                    try Self.remove(stored, &postings, in: transaction)
                }
                sequence += 1
                try Self.insert(document, sequence: sequence, &postings, in: transaction)
            }
            try postings.write(in: transaction)
            guard let position else { return }
            try transaction.execute(
                """
                INSERT INTO progress (name, position) VALUES ('log', \(position))
                ON CONFLICT (name) DO UPDATE SET position = excluded.position
                """)
        }
    }

    /// The best hits of a query.
    func search(_ query: TextQuery, of tenant: Tenant) async throws -> [TextHit] {
        try await database.read { try Self.search(query, of: tenant, in: $0) }
    }

    /// The best hits of a query, if that is possible without waiting and within a time; else nil.
    func searchAtOnce(_ query: TextQuery, of tenant: Tenant, within time: Duration) throws -> [TextHit]? {
        try database.readAtOnce(within: time) { try Self.search(query, of: tenant, in: $0) }
    }

    private static func search(
        _ query: TextQuery, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [TextHit] {
        var highlighter = TextHighlighter(query)
        return try TextMatcher(tenant, in: transaction).best(query).compactMap { match in
            try transaction.first(
                "SELECT id, sku, title, tags, body, payload FROM documents WHERE number = \(match.number)"
            ) { row in
                var highlights: [TextField: String] = [:]
                for (index, field) in TextField.allCases.enumerated() {
                    highlights[field] = row.withBytes(index + 1) { highlighter.highlight($0) }
                }
                return TextHit(
                    id: try row.identifier(0), score: match.score, highlights: highlights, payload: row.bytes(5))
            }
        }
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
            SELECT number, sku, title, tags, body, is_active, payload FROM documents
            WHERE tenant = \(key.tenant) AND id = \(key.id)
            """
        ) { row in
            (
                row.integer(0),
                TextDocument(
                    key: key, sku: row.text(1), title: row.text(2), tags: row.text(3), body: row.text(4),
                    isActive: row.bool(5), payload: row.bytes(6))
            )
        }
    }

    private static func insert(
        _ document: TextDocument, sequence: Int64, _ postings: inout PostingChanges,
        in transaction: any WriteTransaction
    ) throws {
        let words = TextDocumentWords(document)
        let number = TextRowNumber.make(sequence: sequence, words: words.counts, isActive: document.isActive)
        try transaction.execute(
            """
            INSERT INTO documents (number, tenant, id, is_active, sku, title, tags, body, payload)
            VALUES (\(number), \(document.key.tenant), \(document.key.id), \(document.isActive), \(document.sku),
                \(document.title), \(document.tags), \(document.body), \(SQLValue.bytes(document.payload)))
            """)
        postings.add(words, number: number)
    }

    private static func remove(
        _ stored: (number: Int64, document: TextDocument), _ postings: inout PostingChanges,
        in transaction: any WriteTransaction
    ) throws {
        // The texts tell which lists it stands in.
        postings.remove(TextDocumentWords(stored.document), number: stored.number)
        try transaction.execute("DELETE FROM documents WHERE number = \(stored.number)")
    }
}
