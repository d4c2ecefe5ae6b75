import Storage
import TestKit
import Testing

/// Queries that are asked for each of some keys.
@Suite struct EachKeyTests {
    private static let things = Schema(
        room: "keyed_things",
        [
            Migration(
                1, "things with a key of two columns, and parts of them",
                [
                    """
                    CREATE TABLE keyed_things (
                        tenant BIGINT NOT NULL, name TEXT NOT NULL, size BIGINT NOT NULL, PRIMARY KEY (tenant, name))
                    """,
                    """
                    CREATE TABLE parts (
                        tenant BIGINT NOT NULL, thing TEXT NOT NULL, number BIGINT NOT NULL,
                        PRIMARY KEY (tenant, thing, number))
                    """,
                    "{only postgres}ALTER TABLE keyed_things SET (autovacuum_enabled = false)",
                    "{only postgres}ALTER TABLE parts SET (autovacuum_enabled = false)",
                ])
        ])

    /// Things that are called `0`, `1` and so on, with two parts each.
    private static func fill(_ numbers: Range<Int>, _ transaction: any WriteTransaction) throws {
        let count: SQL = """
            WITH RECURSIVE numbers (n) AS (
                SELECT CAST(\(numbers.lowerBound) AS BIGINT)
                UNION ALL SELECT n + 1 FROM numbers WHERE n < \(numbers.upperBound - 1))
            """
        try transaction.execute(
            "INSERT INTO keyed_things (tenant, name, size) \(count) SELECT 1, CAST(n AS TEXT), n * 10 FROM numbers")
        for part in 1...2 {
            try transaction.execute(
                """
                INSERT INTO parts (tenant, thing, number)
                \(count) SELECT 1, CAST(n AS TEXT), CAST(\(part) AS BIGINT) FROM numbers
                """)
        }
    }

    private static func answer(_ engine: TestStore.Engine, to query: SQL) async throws -> [String] {
        let store = try await TestStore(engine, schemas: [things])
        return try await store.database.write { transaction in
            try fill(0..<20, transaction)
            return try transaction.rows(query) { $0.text(0) }
        }
    }

    @Test(
        arguments: TestStore.Engine.allCases,
        [[], ["3"], ["none"], ["3", "none", "4"], ["3", "4", "3", "3", "4"], ["1", "2", "3", "4", "5"]])
    func eachKeyIsFoundOnce(engine: TestStore.Engine, keys: [String]) async throws {
        let found = Set(keys).subtracting(["none"]).sorted()
        let query: SQL = "SELECT name FROM keyed_things WHERE tenant = \(1) AND name = \(each: keys)"
        #expect(try await Self.answer(engine, to: query).sorted() == found)
        let counted: SQL = "SELECT CAST(COUNT(*) AS TEXT) FROM (\(query)) AS found"
        #expect(try await Self.answer(engine, to: counted) == ["\(found.count)"])
    }

    private static let queries: [(SQL, [String])] = [
        // Order and groups are those of one key.
        (
            """
            SELECT t.name || p.number FROM keyed_things t JOIN parts p ON p.tenant = t.tenant AND p.thing = t.name
            WHERE t.tenant = \(1) AND t.name = \(each: ["7", "8"]) ORDER BY t.name, p.number DESC
            """, ["72", "71", "82", "81"]
        ),
        (
            """
            SELECT thing || ':' || CAST(SUM(number) AS TEXT) FROM parts
            WHERE thing = \(each: ["7", "8"]) AND tenant = \(1) GROUP BY thing
            """, ["7:3", "8:3"]
        ),
        // Among other conditions in parentheses.
        (
            """
            SELECT name FROM keyed_things
            WHERE (tenant = \(2) OR (tenant = \(1) AND name = \(each: ["5", "6"]))) AND (size > \(55) OR size = \(1))
            """, ["6"]
        ),
        // Within a query within another, beside subqueries of their own.
        (
            """
            SELECT name FROM (SELECT (SELECT MAX(size) FROM keyed_things) AS most, name FROM keyed_things
                WHERE tenant = \(1) AND name = \(each: ["5", "6", "7"]) AND size IN (SELECT \(60) UNION SELECT \(70)))
                AS found
            WHERE most = \(190) ORDER BY name DESC LIMIT \(1)
            """, ["7"]
        ),
        // Two lists in one statement, one of which belongs to a condition of the other.
        (
            """
            SELECT t.name FROM keyed_things t WHERE t.tenant = \(1) AND t.name = \(each: ["1", "2", "3"])
                AND EXISTS (SELECT 1 FROM parts p WHERE p.tenant = \(1) AND p.thing = \(each: ["2", "3"])
                    AND p.thing = t.name AND p.number = \(2))
            """, ["2", "3"]
        ),
        (
            """
            WITH wanted AS (SELECT thing FROM parts WHERE tenant = \(1) AND thing = \(each: ["1", "2"]))
            SELECT DISTINCT thing FROM wanted ORDER BY thing
            """, ["1", "2"]
        ),
    ]

    @Test(arguments: TestStore.Engine.allCases, Self.queries.indices)
    func keysStandAnywhereInAQuery(engine: TestStore.Engine, index: Int) async throws {
        let (query, expected) = Self.queries[index]
        #expect(try await Self.answer(engine, to: query) == expected, "\(query.text)")
    }

    /// Without statistics, and with a plan that was made when there were few rows.
    @Test(arguments: [false, true])
    func postgresReadsOnlyTheRowsOfTheKeys(hasOldPlan: Bool) async throws {
        let store = try await TestStore(.postgres, schemas: [Self.things])
        let read = try await store.database.write { transaction in
            let keys = (0..<100).map { "\($0 * 50)" }
            let ask = {
                let query: SQL = """
                    SELECT t.name, p.number FROM keyed_things t JOIN parts p ON p.tenant = t.tenant AND p.thing = t.name
                    WHERE t.tenant = \(1) AND t.name = \(each: keys)
                    """
                return try transaction.rows(query) { $0.text(0) }.count
            }
            try Self.fill(0..<50, transaction)
            // A statement keeps its plan once it has run five times.
            if hasOldPlan { for _ in 0..<8 { _ = try ask() } }
            try Self.fill(50..<5_000, transaction)
            var found = 0
            let things = try transaction.rowsRead(of: "keyed_things") { found += try ask() }
            let parts = try transaction.rowsRead(of: "parts") { found += try ask() }
            return (things: things, parts: parts, found: found)
        }
        #expect(read == (100, 200, 400))
    }
}
