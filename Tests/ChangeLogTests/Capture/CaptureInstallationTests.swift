import ChangeLog
import Core
import Storage
import Synchronization
import TestKit
import Testing

/// Putting triggers up and taking them away.
@Suite(.timeLimit(.minutes(5))) struct CaptureInstallationTests {
    private let fixture: CaptureFixture

    init() async throws {
        fixture = try await CaptureFixture()
    }

    private func functions() throws -> Int {
        try fixture.number(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'millrace'::regnamespace AND proname LIKE 'capture%'")
    }

    private func code(_ request: @autoclosure () throws -> CaptureRequest) async -> String? {
        await #expect(throws: Failure.self) { try await fixture.capture.install([try request()]) }?.code
    }

    @Test func repeatingIsHarmlessAndTheLastWordCounts() async throws {
        for _ in 0..<2 { try await fixture.captured("orders") }
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1)")
        #expect(try fixture.logged() == 1)
        // An earlier version's function gives way to this one's.
        try fixture.run(
            """
            CREATE OR REPLACE FUNCTION millrace.capture_append(tenant bigint, entity_type text, entity uuid,
                operation text, old_image jsonb, new_image jsonb, fields text)
            RETURNS void LANGUAGE plpgsql AS 'BEGIN END'
            """)
        let request = CaptureRequest(
            try TableReference("orders"), as: "order", key: ["state", "ID"], tenant: Tenant(7), notifies: false)
        let table = try #require(try await fixture.capture.install([request]).first)
        #expect(table.key == ["state", "id"] && table.entityType == "order" && table.tenant == Tenant(7))
        #expect(try await fixture.capture.tables() == [table])
        try fixture.run("INSERT INTO orders VALUES (2, 'new', 1)")
        let changes = try await fixture.changes()
        #expect(changes.map(\.entityType) == ["orders", "order"] && changes.map(\.tenant.number) == [1, 7])
    }

    @Test func theFunctionsGoWithTheLastTable() async throws {
        try fixture.run("CREATE TABLE items (id int PRIMARY KEY)")
        try await fixture.captured("orders", "items")
        try fixture.run("ALTER TABLE items DISABLE TRIGGER ALL")
        #expect(try await fixture.capture.tables().map(\.isEnabled) == [false, true])
        #expect(try await fixture.capture.remove([try TableReference("items")]).map(\.name) == ["items"])
        #expect(try functions() == 5)
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1); INSERT INTO items VALUES (1)")
        #expect(try await fixture.capture.remove([try TableReference("items")]).isEmpty)
        #expect(try await fixture.capture.remove().map(\.name) == ["orders"])
        #expect(try functions() == 0)
        #expect(try await fixture.capture.remove().isEmpty)
        try fixture.run("INSERT INTO orders VALUES (2, 'new', 1)")
        #expect(try fixture.logged() == 1)
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (3, 'new', 1)")
        #expect(try fixture.logged() == 2)
    }

    @Test func whatCannotBeCapturedIsToldAndNothingIsMade() async throws {
        try fixture.run(
            """
            CREATE TABLE bare (id int, name text); CREATE VIEW seen AS SELECT * FROM orders;
            CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE part PARTITION OF whole DEFAULT
            """)
        #expect(await code(CaptureRequest(try TableReference("nothing"))) == "table_not_found")
        #expect(await code(CaptureRequest(try TableReference("nowhere.orders"))) == "table_not_found")
        #expect(await code(CaptureRequest(try TableReference("bare"))) == "capture_without_key")
        #expect(await code(CaptureRequest(try TableReference("bare"), key: ["no"])) == "capture_without_key")
        #expect(await code(CaptureRequest(try TableReference("seen"))) == "table_not_capturable")
        #expect(await code(CaptureRequest(try TableReference("part"))) == "table_not_capturable")
        #expect(await code(CaptureRequest(try TableReference("orders"), as: "an,order")) == "invalid_entity_type")
        #expect(await code(CaptureRequest(try TableReference("orders\""))) == "invalid_table")
        #expect(try fixture.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'millrace'") == 0)
        #expect(throws: Failure.self) { try Capture(url: fixture.url, schema: .ofServer) }
        let request = CaptureRequest(try TableReference("BARE"), key: ["id"])
        #expect(try await fixture.capture.install([request]).map(\.name) == ["bare"])
        #expect(await code(CaptureRequest(try TableReference("millrace.changes"))) == "table_not_capturable")
        let other = try Capture(url: fixture.url, schema: try #require(SchemaName(text: "other")))
        let failure = await #expect(throws: Failure.self) { try await other.install([request]) }
        #expect(failure?.code == "table_not_capturable" && failure?.message.contains("millrace") == true)
    }

    /// One table that cannot be locked leaves the others as they were.
    @Test func allTablesOrNone() async throws {
        try fixture.run("CREATE TABLE items (id int PRIMARY KEY)")
        let holder = try await fixture.open()
        let (isLocked, locked) = AsyncStream.makeStream(of: Void.self)
        let isOver = Atomic<Bool>(false)
        async let held: Void = holder.write(.readCommitted) { transaction in
            try transaction.execute("LOCK TABLE items IN SHARE MODE")
            locked.finish()
            while !isOver.load(ordering: .acquiring) { _ = try transaction.exists("SELECT pg_sleep(0.05)") }
        }
        for await _ in isLocked {}
        let failure = await #expect(throws: Failure.self) { try await fixture.captured("orders", "items") }
        #expect(failure?.code == "storage_busy")
        isOver.store(true, ordering: .releasing)
        try await held
        #expect(try await fixture.capture.tables().isEmpty)
        await holder.close()
    }

    @Test func aKeyThatIsGoneIsToldToWhoWrites() async throws {
        try await fixture.captured("orders")
        try fixture.run("ALTER TABLE orders RENAME id TO number")
        let failure = #expect(throws: Failure.self) { try fixture.run("INSERT INTO orders VALUES (1, 'new', 1)") }
        #expect(failure?.message.contains("there is no such column any more") == true)
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1)")
        #expect(try fixture.logged() == 1)
    }

    @Test func soItWorksBehindPgBouncer() async throws {
        let bouncer = try await PgBouncer(before: fixture.server)
        let settings = try SettingsRegistry(StorageSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["storage.pool_mode": "transaction"])
        ])
        let capture = try Capture(url: bouncer.url(fixture.name), settings: settings)
        #expect(try await capture.install([CaptureRequest(try TableReference("orders"))]).count == 1)
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1)")
        #expect(try fixture.logged() == 1)
        #expect(try await capture.remove().count == 1)
    }

    @Test(
        arguments: [
            ("orders", nil, "orders"), ("shop.items", "shop", "items"), (#"shop."a.b""#, "shop", "a.b"),
            (#""a""b"."c d""#, "a\"b", "c d"), ("Größe", nil, "Größe"),
        ] as [(String, String?, String)])
    func namesOfTablesAreRead(text: String, schema: String?, name: String) throws {
        let reference = try TableReference(text)
        #expect(reference.schema == schema && reference.name == name)
    }

    @Test(arguments: ["", ".", "a.", ".a", "a.b.c", "\"a", "\"\"", "a\"b", "\"a\"b"])
    func whatIsNoNameIsRefused(text: String) {
        #expect(throws: Failure.self) { try TableReference(text) }
    }
}
