import Core
import Storage
import TestKit
import Testing

/// Every value comes back as it was bound, and none is read as SQL.
@Suite struct BindingTests {
    private static let kinds = Schema(
        room: "kinds",
        [
            Migration(
                1, "a column of each kind",
                [
                    """
                    CREATE TABLE kinds (
                        number BIGINT PRIMARY KEY, whole BIGINT, real_number DOUBLE PRECISION, words TEXT,
                        raw {bytes}, id {identifier})
                    """
                ])
        ])

    private func roundTrip<T: Sendable>(
        _ engine: TestStore.Engine, _ column: SQL, _ value: some SQLBindable & Sendable,
        _ read: @escaping @Sendable (Row) throws -> T
    ) async throws -> T? {
        let store = try await TestStore(engine, schemas: [Self.kinds])
        return try await store.database.write { transaction in
            try transaction.execute("INSERT INTO kinds (number, \(column)) VALUES (1, \(value))")
            return try transaction.first("SELECT \(column) FROM kinds", read)
        }
    }

    @Test(arguments: TestStore.Engine.allCases, [Int64.min, -1, 0, 1, Int64.max])
    func wholeNumbers(engine: TestStore.Engine, number: Int64) async throws {
        #expect(try await roundTrip(engine, "whole", number) { $0.integer(0) } == number)
    }

    @Test(arguments: TestStore.Engine.allCases, [0, -0.1, 1e300, 5e-324, .greatestFiniteMagnitude])
    func realNumbers(engine: TestStore.Engine, number: Double) async throws {
        #expect(try await roundTrip(engine, "real_number", number) { $0.real(0) } == number)
    }

    @Test(
        arguments: TestStore.Engine.allCases,
        [
            "", " ", "'", "''", "\"", "\\", "?", "??", "$1", "%s", "--", "/*", "NULL", "0", "0x",
            "'; DROP TABLE kinds; --",
            "x') ON CONFLICT DO NOTHING; DELETE FROM kinds; --",
            "é", "日本語", "🔥👩‍🚀", "e\u{301}", "\u{FEFF}", "\n\r\t",
            String(repeating: "ä", count: 500_000),
        ])
    func text(engine: TestStore.Engine, text: String) async throws {
        let read: @Sendable (Row) -> (String, [UInt8], Bool) = { ($0.text(0), $0.bytes(0), $0.isNull(0)) }
        let asText = try #require(try await roundTrip(engine, "words", text, read))
        #expect(asText.0.unicodeScalars.elementsEqual(text.unicodeScalars) && asText.1 == Array(text.utf8) && !asText.2)
        let asBytes = try #require(try await roundTrip(engine, "words", SQLValue.utf8(Array(text.utf8)), read))
        #expect(asBytes.1 == Array(text.utf8) && !asBytes.2)
    }

    @Test(arguments: TestStore.Engine.allCases, [[], [0], [0, 0xFF, 0x27, 0], [UInt8](repeating: 7, count: 1 << 20)])
    func bytes(engine: TestStore.Engine, bytes: [UInt8]) async throws {
        let back = try await roundTrip(engine, "raw", SQLValue.bytes(bytes)) { ($0.bytes(0), $0.isNull(0)) }
        #expect(back?.0 == bytes && back?.1 == false)
    }

    @Test(arguments: TestStore.Engine.allCases) func ownTypes(engine: TestStore.Engine) async throws {
        let id = Identifier(high: 0x0102_0304_0506_7708, low: 0x8900_00FF_FFFF_FFFE)
        #expect(try await roundTrip(engine, "id", id) { try $0.identifier(0) } == id)
        let moment = Timestamp(microseconds: -1_234_567)
        #expect(try await roundTrip(engine, "whole", moment) { $0.timestamp(0) } == moment)
        #expect(try await roundTrip(engine, "whole", true) { $0.bool(0) } == true)
        #expect(try await roundTrip(engine, "whole", false) { $0.bool(0) } == false)
        #expect(try await roundTrip(engine, "whole", LogPosition(9)) { $0.position(0) } == LogPosition(9))
        #expect(try await roundTrip(engine, "whole", Tenant(3)) { $0.integer(0) } == 3)
        #expect(try await roundTrip(engine, "words", Operation.read) { try $0.choice(0, Operation.self) } == .read)
    }

    @Test(arguments: TestStore.Engine.allCases) func whatIsMissingIsNull(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Self.kinds])
        let text: String? = nil
        let id: Identifier? = nil
        try await store.database.write { transaction in
            try transaction.execute(
                "INSERT INTO kinds (number, words, id, whole) VALUES (1, \(text), \(id), \(SQLValue.null))"
            )
            _ = try transaction.first("SELECT words, id, whole, raw FROM kinds") { row in
                #expect(row.optionalText(0) == nil)
                let id = try row.optionalIdentifier(1)
                #expect(id == nil)
                #expect(row.optionalInteger(2) == nil && row.optionalTimestamp(2) == nil)
                #expect(row.optionalBytes(3) == nil)
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases) func listsBindEachValue(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        for id in 1...5 { try await store.insert(id, name: "it's \(id)") }
        func ids(_ names: [String]) async throws -> [Int] {
            try await store.database.read { transaction in
                try transaction.rows("SELECT id FROM things WHERE name IN (\(list: names)) ORDER BY id") { $0.int(0) }
            }
        }
        #expect(try await ids(["it's 2", "it's 4", "') OR 1=1 --"]) == [2, 4])
        #expect(try await ids([]).isEmpty)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func storedNonsenseIsAFailureAndNoCrash(engine: TestStore.Engine) async throws {
        let wrongLength = await #expect(throws: Failure.self) {
            try await roundTrip(engine, "raw", SQLValue.bytes([1, 2, 3])) { try $0.identifier(0) }
        }
        #expect(wrongLength?.code == "corrupt_row")
        let unknown = await #expect(throws: Failure.self) {
            try await roundTrip(engine, "words", "neither") { try $0.choice(0, Operation.self) }
        }
        #expect(unknown?.code == "corrupt_row")
    }

    /// A choice of its own.
    private enum Operation: String, SQLBindable {
        case read
        case write

        var sqlValue: SQLValue { .text(rawValue) }
    }
}
