import Core
import Storage

/// What every table of the source holds: how many rows, and the digest of all of them.
///
/// The target keeps it while a relocation is unfinished. So a later run knows that it goes on with the same data, and
/// what is compared at the end is what was there before the first row moved.
struct RelocationManifest: Sendable, Equatable {
    /// What one table holds.
    struct Entry: Sendable, Equatable {
        let table: String
        let rowCount: Int
        let checksum: String
    }

    /// The tables by ascending name.
    let entries: [Entry]

    /// The name of the table on the target that keeps it. While there is one, the relocation is unfinished.
    static let table = "relocation"

    init(_ entries: [Entry]) {
        self.entries = entries.sorted { $0.table < $1.table }
    }

    /// The rows of all tables.
    var rowCount: Int { entries.reduce(0) { $0 + $1.rowCount } }

    /// What a table holds.
    subscript(table: String) -> Entry? { entries.first { $0.table == table } }

    /// The tables that hold something else than those of another manifest.
    func differences(from other: RelocationManifest) -> [String] {
        let names = Set(entries.map(\.table)).union(other.entries.map(\.table))
        return names.filter { self[$0] != other[$0] }.sorted()
    }
}

extension RelocationManifest {
    /// Makes the table for it.
    static func prepare(in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            CREATE TABLE relocation (
                table_name TEXT COLLATE "C" PRIMARY KEY, row_count BIGINT NOT NULL, checksum TEXT NOT NULL)
            """)
    }

    /// What the target keeps; nil when nothing has moved yet.
    static func find(in transaction: any ReadTransaction) throws -> RelocationManifest? {
        let entries = try transaction.rows("SELECT table_name, row_count, checksum FROM relocation") {
            Entry(table: $0.text(0), rowCount: $0.int(1), checksum: $0.text(2))
        }
        return entries.isEmpty ? nil : RelocationManifest(entries)
    }

    func store(in transaction: any WriteTransaction) throws {
        for entry in entries {
            try transaction.enqueue(
                """
                INSERT INTO relocation (table_name, row_count, checksum)
                VALUES (\(entry.table), \(entry.rowCount), \(entry.checksum))
                """)
        }
    }

    /// Forgets it: the relocation is finished.
    static func remove(in transaction: any WriteTransaction) throws {
        try transaction.execute("DROP TABLE relocation")
    }
}
