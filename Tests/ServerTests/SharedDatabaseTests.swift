import API
import ChangeLog
import Commerce
import Core
import Server
import Storage
import TestKit
import Testing

/// Millrace in a schema of a database that belongs to others and has tables of the same names (`storage.schema`).
@Suite(.timeLimit(.minutes(5))) struct SharedDatabaseTests {
    private let directory: TemporaryDirectory
    private let server: PostgresServer
    private let url: String
    private let name: String

    /// A database whose tables are called like ours and have other columns.
    init() async throws {
        directory = try TemporaryDirectory()
        server = try await PostgresServer.shared()
        url = try server.makeDatabase()
        name = String(try #require(url.split(separator: "/").last))
        for sql in [
            "CREATE TABLE orders (number text PRIMARY KEY)", "INSERT INTO orders VALUES ('A-1'), ('A-2')",
            "CREATE TABLE products (name text)", "CREATE TABLE schema_migrations (version text)",
            "CREATE TABLE relocation_manifest (version text)",
            "CREATE TABLE changes (day int) PARTITION BY RANGE (day)",
            "CREATE TABLE changes_20000 PARTITION OF changes FOR VALUES FROM (0) TO (1)",
        ] {
            try server.execute(sql, in: name)
        }
    }

    private func settings(_ schema: String, _ more: [String: String] = [:]) throws -> SettingsValues {
        let texts = ["storage.url": url, "storage.schema": schema].merging(more) { $1 }
        return try AllSettings.registry().values(from: [SettingsSource(name: "test", texts: texts)])
    }

    /// Serves a shop from a schema.
    private func serve(
        _ settings: SettingsValues, _ body: (ServedShop, ChangeLog) async throws -> Void
    ) async throws {
        let path = directory.file(settings[StorageSettings.schema].text)
        try await ServedShop.serve(Store.open(path, settings: settings), body)
    }

    private func tables(in schema: String) throws -> Int? {
        let text = try server.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = '\(schema)'", in: name)
        return Int(text.filter(\.isNumber))
    }

    private func expectOthersAreAsTheyWere() throws {
        #expect(try server.execute("SELECT number FROM public.orders ORDER BY 1", in: name) == "A-1\nA-2\n")
        #expect(try tables(in: "public") == 6)
    }

    private static func expectShop(_ shop: ServedShop, _ log: ChangeLog) async throws {
        try await shop.fill()
        let orders = try await shop.send("GET", "/api/v1/orders?limit=100")
        #expect(orders.json["items"]?.elements.count == 6, "\(orders.text)")
        let changes = try await log.changes(after: .start, limit: 100)
        #expect(changes.filter { $0.entityType == "order" && $0.operation == .insert }.count == 6)
        let common = try await log.database.read { try $0.first("SELECT COUNT(*) FROM changes_other") { $0.int(0) } }
        #expect(common == 0)
    }

    @Test func aShopLivesBesideTablesOfTheSameNames() async throws {
        try await serve(settings("millrace")) { try await Self.expectShop($0, $1) }
        let count = try #require(try tables(in: "millrace"))
        #expect(count > 20)
        try expectOthersAreAsTheyWere()
        // Opened again it finds what is there, and one in another schema begins empty.
        try await serve(settings("millrace")) { shop, _ in
            let orders = try await shop.send("GET", "/api/v1/orders")
            #expect(orders.json["items"]?.elements.count == 6)
        }
        try await serve(settings("other_shop")) { shop, log in
            let orders = try await shop.send("GET", "/api/v1/orders")
            #expect(orders.json["items"]?.elements.isEmpty == true)
            try await shop.post("/api/v1/products", #"{"sku":"a","name":"A","price":"1","currency":"USD"}"#)
            let types = try await log.changes(after: .start, limit: 100).map(\.entityType)
            #expect(types.contains("product") && !types.contains("order"))
        }
        #expect(try tables(in: "other_shop") == count)
        #expect(try tables(in: "millrace") == count)
        try expectOthersAreAsTheyWere()
    }

    @Test(arguments: ["0", "2"]) func soItDoesBehindPgBouncer(pipelines: String) async throws {
        let bouncer = try await PgBouncer(before: server)
        let settings = try settings(
            "millrace",
            [
                "storage.url": bouncer.url(name), "storage.pool_mode": "transaction", "storage.pipelines": pipelines,
            ])
        try await serve(settings) { try await Self.expectShop($0, $1) }
        try expectOthersAreAsTheyWere()
    }

    @Test func aShopMovesThere() async throws {
        let fixture = try await RelocationFixture.filled()
        let relocation = Relocation(from: fixture.data, to: url, settings: try settings("millrace"), time: fixture.time)
        let report = try await relocation.run { _ in }
        #expect(report.discrepancies == [] && report.copied > 0)
        try await serve(settings("millrace")) { shop, _ in
            let orders = try await shop.send("GET", "/api/v1/orders")
            #expect(orders.json["items"]?.elements.count == 6)
            try await shop.post("/api/v1/orders", #"{"items":[{"sku":"chai","quantity":1}]}"#)
        }
        try expectOthersAreAsTheyWere()
    }

    /// A role that may make no schema can work in one that was made for it.
    @Test func aSchemaThatIsMissingAndMayNotBeMadeIsAFailure() async throws {
        let role = "guest_of_\(name)"
        try server.execute("CREATE ROLE \(role) LOGIN")
        let guest = ["storage.url": url.replacing("postgres@", with: "\(role)@")]
        let settings = try settings("millrace", guest)
        let failure = await #expect(throws: Failure.self) { try await serve(settings) { _, _ in } }
        #expect(failure?.code == "storage_forbidden")
        try server.execute("CREATE SCHEMA millrace AUTHORIZATION \(role)", in: name)
        try await serve(settings) { try await Self.expectShop($0, $1) }
        try server.dropDatabase(url)
        try server.execute("DROP ROLE \(role)")
    }

    @Test(arguments: ["Millrace", "1st", "a b", "a\"b", "a?", "pg_own", "schéma", String(repeating: "a", count: 64)])
    func aNameThatWouldNeedQuotesIsRefused(name: String) {
        #expect(SchemaName(text: name) == nil)
        let texts = ["storage.schema": name]
        #expect(throws: Failure.self) {
            try AllSettings.registry().values(from: [SettingsSource(name: "test", texts: texts)])
        }
    }

    @Test(arguments: ["", "millrace", "_1", String(repeating: "a", count: 63)])
    func aNameReadsBack(name: String) { #expect(SchemaName(text: name)?.text == name) }
}
