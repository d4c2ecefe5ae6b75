import ChangeLog
import Core
import Search
import Storage

/// How pgvector keeps and compares the vectors of a definition.
struct PgvectorColumn {
    /// The components that an index of the type `vector` takes at most.
    static let wholeLimit = 2_000
    /// The components that an index of the type `halfvec` takes at most.
    static let halfLimit = 4_000

    /// Whether the index has half of the bits of each component. What it finds is ranked by the whole.
    let isHalf: Bool

    /// Nil when pgvector can have no index of them. Only vectors of length one surely fit into half of the bits.
    init?(_ definition: VectorDefinition) { self.init(size: definition.size, metric: definition.metric) }

    init?(size: Int, metric: VectorMetric) {
        guard size <= Self.wholeLimit || (size <= Self.halfLimit && metric == .cosine) else { return nil }
        isHalf = size > Self.wholeLimit
    }
}

/// The statements about the table of a set of vectors.
struct PgvectorTable {
    private let set: VectorSet
    private let isHalf: Bool
    private let table: SQL
    /// The table with what is in which table, and up to where.
    private static let register: SQL = "vector_tables"

    /// Nil when pgvector cannot have such vectors.
    init?(_ set: VectorSet) {
        guard let column = PgvectorColumn(size: set.size, metric: set.metric) else { return nil }
        self.set = set
        isHalf = column.isHalf
        table = SQL.name(set.name)
    }

    private var name: SQLValue { .text(set.name) }

    /// Keeps others from making tables until the commit.
    static let lock: SQL = "SELECT pg_advisory_xact_lock(hashtext('millrace vector_tables'))"

    /// Whether the table is there.
    var presence: SQL {
        "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = \(name)"
    }

    /// Makes the register: up to which position each table has everything, and which change of the log stands there.
    private static let registration: SQL =
        """
        CREATE TABLE IF NOT EXISTS \(register) (
            name TEXT PRIMARY KEY, position BIGINT NOT NULL, change TEXT NOT NULL)
        """

    /// Makes the table, without its index.
    var creation: [SQL] {
        [
            Self.registration,
            """
            CREATE TABLE IF NOT EXISTS \(table) (
                key BYTEA PRIMARY KEY, position BIGINT NOT NULL, embedding vector(\(SQL.number(Int64(set.size)))))
            """,
        ]
    }

    /// Asks up to where the table has everything; there is no row before it has been filled.
    var mark: SQL { "SELECT position, change FROM \(Self.register) WHERE name = \(name)" }

    /// Asks for any later position than one.
    func later(than position: LogPosition) -> SQL {
        "SELECT position FROM \(table) WHERE position > \(position.value) LIMIT 1"
    }

    var keys: SQL { "SELECT key FROM \(table) WHERE embedding IS NOT NULL" }

    /// Writes rows, unless they are of a later position already.
    func upsert(_ writes: [VectorWrite], at position: LogPosition) -> SQL {
        let keys = PgvectorText.array(writes.map(\.key))
        let vectors = PgvectorText.array(writes.map(\.vector))
        return """
            INSERT INTO \(table) AS old (key, position, embedding)
            SELECT new.key, \(position.value), new.embedding::vector
            FROM unnest(\(SQLValue.inferred(keys))::bytea[], \(SQLValue.inferred(vectors))::text[])
                AS new (key, embedding)
            ON CONFLICT (key) DO UPDATE SET position = EXCLUDED.position, embedding = EXCLUDED.embedding
            WHERE EXCLUDED.position >= old.position
            """
    }

    /// Ends the filling of a table: takes out what is older, makes the index, and notes that everything is there.
    func completion(at mark: LogMark) -> [SQL] {
        let m = SQL.number(Int64(min(max(set.m, 2), 100)))
        // pgvector wants twice as many candidates as links at least.
        let candidates = SQL.number(Int64(min(max(set.efConstruction, 4, 2 * min(set.m, 100)), 1_000)))
        return [
            "DELETE FROM \(table) WHERE position < \(mark.position.value)",
            """
            CREATE INDEX IF NOT EXISTS \(SQL.name(set.name + "_hnsw")) ON \(table)
            USING hnsw (\(indexed) \(operators)) WITH (m = \(m), ef_construction = \(candidates))
            """,
            """
            INSERT INTO \(Self.register) AS old VALUES (\(name), \(mark.position.value), \(mark.change))
            ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, change = EXCLUDED.change
            WHERE old.position < EXCLUDED.position
            """,
        ]
    }

    /// How many positions later nobody brings back any more what was taken out.
    private static let memory: Int64 = 100_000

    /// Notes how far the table has come, and forgets what was taken out long ago.
    func progress(to mark: LogMark) -> [SQL] {
        let position = mark.position
        return [
            """
            UPDATE \(Self.register) SET position = \(position.value), change = \(mark.change)
            WHERE name = \(name) AND position < \(position.value)
            """,
            "DELETE FROM \(table) WHERE embedding IS NULL AND position < \(position.value - Self.memory)",
        ]
    }

    var removal: [SQL] {
        [
            "DROP TABLE IF EXISTS \(table)",
            Self.registration,
            forgetting,
        ]
    }

    /// Takes back that everything is there.
    var forgetting: SQL { "DELETE FROM \(Self.register) WHERE name = \(name)" }

    // MARK: Searching

    /// The nearest rows with their distances. A sum with zero is no expression of the index, so all rows are compared.
    func nearest(_ query: NearestQuery) -> SQL {
        let vector: SQL = "\(SQLValue.inferred(PgvectorText.vector(query.vector)))::vector"
        let whole: SQL = "embedding \(comparison) " + vector
        if query.isExact {
            var sql: SQL = "SELECT key, (" + whole + ") + 0.0 AS distance FROM \(table) WHERE embedding IS NOT NULL"
            if let keys = query.keys {
                sql += " AND key = ANY (\(SQLValue.inferred(PgvectorText.array(keys)))::bytea[])"
            }
            return sql + " ORDER BY distance LIMIT \(query.limit)"
        }
        guard isHalf else {
            return "SELECT key, " + whole + " AS distance FROM \(table) WHERE embedding IS NOT NULL"
                + " ORDER BY distance LIMIT \(query.limit)"
        }
        let half: SQL = "\(indexed) \(comparison) " + vector + "::\(halfType)"
        let found: SQL =
            "SELECT key, embedding FROM \(table) WHERE embedding IS NOT NULL ORDER BY " + half
            + " LIMIT \(query.limit)"
        return "SELECT key, " + whole + " AS distance FROM (" + found + ") AS found ORDER BY distance"
    }

    private var halfType: SQL { "halfvec(\(SQL.number(Int64(set.size))))" }

    private var indexed: SQL { isHalf ? "(embedding::\(halfType))" : "embedding" }

    private var operators: SQL {
        switch (set.metric, isHalf) {
        case (.cosine, false): "vector_cosine_ops"
        case (.cosine, true): "halfvec_cosine_ops"
        case (.dot, _): "vector_ip_ops"
        case (.euclid, _): "vector_l2_ops"
        case (.manhattan, _): "vector_l1_ops"
        }
    }

    private var comparison: SQL {
        switch set.metric {
        case .cosine: "<=>"
        case .dot: "<#>"
        case .euclid: "<->"
        case .manhattan: "<+>"
        }
    }
}

/// Values of the types of PostgreSQL that have no binary form here, as it reads them from text.
enum PgvectorText {
    /// The elements of `vector`.
    static func vector(_ components: [Float]) -> String {
        var text = "["
        text.reserveCapacity(components.count * 12)
        for (index, component) in components.enumerated() {
            if index > 0 { text += "," }
            text += component.description
        }
        return text + "]"
    }

    /// The elements of `bytea[]`.
    static func array(_ keys: [PointKey]) -> String {
        var bytes = Array("{".utf8)
        let digits = Array("0123456789abcdef".utf8)
        for (index, key) in keys.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("\"\\\\x".utf8)
            for byte in key.bytes {
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
            bytes.append(UInt8(ascii: "\""))
        }
        return String(decoding: bytes + Array("}".utf8), as: UTF8.self)
    }

    /// The elements of `text[]`: vectors, or nothing.
    static func array(_ vectors: [[Float]?]) -> String {
        "{" + vectors.map { $0.map { "\"\(vector($0))\"" } ?? "NULL" }.joined(separator: ",") + "}"
    }
}
