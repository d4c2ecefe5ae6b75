import Core
import Storage
import TestKit
import Testing

/// Whole tables go from one engine to the other and are the same there.
@Suite struct TableCopyTests {
    private static let schema = Schema(
        room: "samples",
        [
            Migration(
                1, "samples",
                [
                    "CREATE TABLE zebras (id BIGINT PRIMARY KEY)",
                    """
                    CREATE TABLE samples (
                        number BIGINT NOT NULL,
                        name TEXT NOT NULL,
                        id {identifier} NOT NULL,
                        zebra BIGINT REFERENCES zebras (id),
                        amount BIGINT,
                        "order" TEXT,
                        content {bytes},
                        other {identifier},
                        PRIMARY KEY (name, number, id)) {clustered}
                    """,
                    "CREATE TABLE numbered (sequence {position}, note TEXT)",
                    "CREATE TABLE single (value BIGINT NOT NULL)",
                ])
        ])

    private static let texts = [
        "", " ", "a", "A", "é", "e\u{301}", "ß", "中", "😀", "\u{FFFF}", "\u{10FFFF}", "\u{1}", "'", "\\N", "\t\n", "\"",
        String(repeating: "long ", count: 2_000),
    ]
    private static let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 255, 1 << 32, .max - 1, .max]

    private func stores() async throws -> (TestStore, TestStore) {
        (
            try await TestStore(.sqlite, schemas: [Self.schema]),
            try await TestStore(.postgres, schemas: [Self.schema])
        )
    }

    /// The table as the target has it, of which the types are.
    private func table(_ name: String, of store: TestStore) async throws -> TableDescription {
        try #require(try await store.database.tables().first { $0.name == name })
    }

    /// All rows of a table.
    private func page(of table: TableDescription, _ store: TestStore) async throws -> TablePage {
        try await store.database.read { try $0.page(of: table, after: nil, rowLimit: 10_000, byteLimit: 1 << 30) }
    }

    private func fill(_ store: TestStore, _ count: Int, _ random: inout SeededRandom) async throws -> Int {
        var rows: [[SQLValue]] = []
        for _ in 0..<count {
            func maybe(_ value: SQLValue) -> SQLValue { Bool.random(using: &random) ? value : .null }
            func number() -> SQLValue { .integer(Self.numbers.randomElement(using: &random) ?? 0) }
            func text() -> SQLValue { .text(Self.texts.randomElement(using: &random) ?? "") }
            func identifier() -> SQLValue { .identifier(Identifier(high: random.next() % 3, low: random.next())) }
            func bytes() -> SQLValue {
                .bytes((0..<random.next() % 40).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            rows.append([
                number(), text(), identifier(), maybe(number()), maybe(text()), maybe(bytes()), maybe(identifier()),
            ])
        }
        let chosen = rows
        return try await store.database.write { transaction in
            try chosen.reduce(0) { sum, row in
                try sum
                    + transaction.execute(
                        """
                        INSERT INTO samples (number, name, id, amount, "order", content, other)
                        VALUES (\(list: row)) ON CONFLICT DO NOTHING
                        """)
            }
        }
    }

    /// Every value of every row by the way of the roles, which knows nothing of pages.
    private func values(_ store: TestStore) async throws -> [[String]] {
        try await store.database.read { transaction in
            try transaction.rows(
                """
                SELECT number, name, id, amount, "order", content, other FROM samples ORDER BY name, number, id
                """
            ) { row in
                [
                    "\(row.integer(0))", row.text(1), "\(try row.identifier(2))",
                    "\(row.optionalInteger(3).map(String.init) ?? "NULL")", row.optionalText(4) ?? "NULL",
                    "\(row.optionalBytes(5).map { "\($0)" } ?? "NULL")",
                    "\(try row.optionalIdentifier(6).map(\.description) ?? "NULL")",
                ]
            }
        }
    }

    @Test func randomRowsAreTheSameOnBothEngines() async throws {
        var random = SeededRandom.fresh()
        let (source, target) = try await stores()
        let count = try await fill(source, 600, &random)
        let table = try await table("samples", of: target)
        let url = try #require(target.url)
        let loader = try PostgresLoader(PostgresOptions(url: url))
        var key: [SQLValue]?
        var copied = 0
        repeat {
            let after = key
            let rowLimit = Int.random(in: 1...100, using: &random)
            let byteLimit = Int.random(in: 1...60_000, using: &random)
            let page = try await source.database.read {
                try $0.page(of: table, after: after, rowLimit: rowLimit, byteLimit: byteLimit)
            }
            #expect(page.rowCount <= rowLimit)
            if page.rowCount > 0 { try await loader.append(page, to: table) }
            copied += page.rowCount
            key = page.end
            if let end = page.end {
                let last = try await target.database.read { try $0.lastKey(of: table) }
                #expect("\(last ?? [])" == "\(end)", "\(random)")
            }
        } while key != nil
        #expect(copied == count, "\(random)")
        #expect(try await values(target) == values(source), "\(random)")
        var digest = TableDigest()
        digest.add(try await page(of: table, source))
        let found = try await loader.digest(of: table) { _ in }
        #expect(found.rowCount == count)
        #expect(found.checksum == digest.finish(), "\(random)")
        _ = try await target.database.write {
            try $0.execute(
                """
                UPDATE samples SET "order" = COALESCE("order", '') || 'x'
                WHERE id = (SELECT MAX(id::text)::uuid FROM samples)
                """)
        }
        #expect(try await loader.digest(of: table) { _ in }.checksum != found.checksum)
    }

    @Test func aTableWithoutRowsHasTheSameDigestOnBothEngines() async throws {
        let (_, target) = try await stores()
        let loader = try PostgresLoader(PostgresOptions(url: try #require(target.url)))
        let found = try await loader.digest(of: table("samples", of: target)) { _ in }
        #expect(found.rowCount == 0)
        #expect(found.checksum == TableDigest().finish())
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theCatalogueTellsOfTablesKeysAndParents(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Self.schema])
        let samples = try await table("samples", of: store)
        #expect(samples.key == ["name", "number", "id"])
        #expect(samples.parents == ["zebras"])
        let columns = ["number", "name", "id", "zebra", "amount", "order", "content", "other"]
        #expect(samples.columns.map(\.name) == columns)
        let identifier = engine == .postgres ? TableDescription.ColumnType.identifier : .bytes
        #expect(
            samples.columns.map(\.type) == [
                .integer, .text, identifier, .integer, .integer, .text, .bytes, identifier,
            ])
        let single = try await table("single", of: store)
        #expect(single.key == [] && single.order == ["value"])
        let names = try await store.database.tables().map(\.name)
        #expect(names.filter { $0.hasPrefix("changes") } == ["changes"])
    }

    @Test func numbersOfRowsAreKeptAndSequencesGoOnAfterThem() async throws {
        let (source, target) = try await stores()
        _ = try await source.database.write {
            try $0.execute("INSERT INTO numbered (sequence, note) VALUES (7, 'seven'), (41, 'forty-one')")
        }
        let table = try await table("numbered", of: target)
        let loader = try PostgresLoader(PostgresOptions(url: try #require(target.url)))
        let page = try await page(of: table, source)
        try await loader.append(page, to: table)
        let database = try #require(target.database as? PostgresDatabase)
        try await database.setSequences(of: [table])
        try await database.analyze([table])
        let numbers = try await target.database.write { transaction in
            try transaction.execute("INSERT INTO numbered (note) VALUES ('next')")
            return try transaction.rows("SELECT sequence FROM numbered ORDER BY sequence") { $0.int(0) }
        }
        #expect(numbers == [7, 41, 42])
    }

    @Test func aBatchIsThereAsAWholeOrNotAtAll() async throws {
        let (source, target) = try await stores()
        _ = try await source.database.write {
            try $0.execute("INSERT INTO numbered (sequence, note) VALUES (1, 'a'), (2, 'b')")
        }
        _ = try await target.database.write {
            try $0.execute("INSERT INTO numbered (sequence, note) OVERRIDING SYSTEM VALUE VALUES (2, 'there')")
        }
        let table = try await table("numbered", of: target)
        let loader = try PostgresLoader(PostgresOptions(url: try #require(target.url)))
        let page = try await page(of: table, source)
        await #expect(throws: ConstraintViolation.self) { try await loader.append(page, to: table) }
        let count = try await target.database.read { try $0.count(table) }
        #expect(count == 1)
        // The connection is of use after a failure.
        #expect(try await loader.digest(of: table) { _ in }.rowCount == 1)
    }

    /// SQLite keeps whatever it is given, and reads it as 0 where a number is asked for.
    @Test func textWhereANumberShouldStandIsRefused() async throws {
        let (source, target) = try await stores()
        _ = try await source.database.write {
            try $0.execute(
                """
                INSERT INTO samples (number, name, id, amount) VALUES
                    (1, 'good', \(Identifier(high: 1, low: 1)), NULL),
                    (2, 'worse', \(Identifier(high: 1, low: 2)), 'much')
                """)
        }
        let table = try await table("samples", of: target)
        await #expect {
            try await page(of: table, source)
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == "value_not_storable"
                && failure?.message.contains("amount of the row of samples with name \"worse\", number 2") == true
        }
    }

    @Test(arguments: ["a\u{0}b", "\u{0}"])
    func textWithNULIsRefusedWithItsRow(_ text: String) async throws {
        let (source, target) = try await stores()
        _ = try await source.database.write {
            try $0.execute("INSERT INTO numbered (sequence, note) VALUES (5, \(SQLValue.utf8(Array(text.utf8))))")
        }
        let table = try await table("numbered", of: target)
        await #expect {
            try await page(of: table, source)
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == "value_not_storable"
                && failure?.message.contains("note of the row of numbered with sequence 5") == true
        }
    }
}
