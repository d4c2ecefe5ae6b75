import API
import ChangeLog
import Core
import Logging
import Server
import Storage
import Telemetry
import TestKit
import Testing

/// A data directory with a shop, and an empty database to move it to.
final class RelocationFixture: Sendable {
    let directory: TemporaryDirectory
    /// Where the shop is to go.
    let url: String
    private let role: String
    let time = ManualTime()

    init() async throws {
        directory = try TemporaryDirectory()
        (url, role) = try await Self.makeDatabase()
    }

    deinit {
        // A server that is gone has no databases.
        Task.detached { [url, role] in
            try? await PostgresServer.shared().dropDatabase(url)
            _ = try? await PostgresServer.shared().execute("DROP ROLE \(role)")
        }
    }

    /// An empty database of a role that may do nothing else.
    private static func makeDatabase() async throws -> (url: String, role: String) {
        let server = try await PostgresServer.shared()
        let url = try server.makeDatabase()
        let name = try #require(url.split(separator: "/").last)
        let role = "owner_of_\(name)"
        try server.execute("CREATE ROLE \(role) LOGIN")
        try server.execute("ALTER DATABASE \(name) OWNER TO \(role)")
        return (url.replacing("postgres@", with: "\(role)@"), role)
    }

    var data: String { directory.file("data") }

    /// The last thing that is done in a filled shop, under the key `last-receipt`.
    static let lastReceipt = #"{"sku":"chai","quantity":7}"#

    /// A shop with something in every table, whose oldest changes have been deleted.
    static func filled() async throws -> RelocationFixture {
        let fixture = try await RelocationFixture()
        try await fixture.withSource { store in
            #expect(try await store.credentials.ensureAdmin(ServedShop.key) == nil)
            try await ServedShop.run(store.log, metrics: store.metrics) { try await $0.fill() }
            try await fillObservers(store)
            try await fillMemories(store)
            try await fillKnowledge(store)
            try await fillRecommendations(store)
            fixture.time.advance(bySeconds: 7_200)
            let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
                SettingsSource(name: "test", texts: ["change_log.retention_age": "1"])
            ])
            let retention = Retention(
                store.log, settings: settings, metrics: MetricsRegistry(), logger: Logger(label: "test"))
            #expect(try await retention.pass() > 0)
            _ = try await ServedShop.run(store.log, metrics: store.metrics) { shop in
                try await shop.post("/api/v1/inventory/receive", lastReceipt, key: "last-receipt")
            }
        }
        return fixture
    }

    /// A row in each table of observers.
    private static func fillObservers(_ store: Store) async throws {
        let definition = #"{"name":"a","next_action_number":1,"actions":[{"type":"log","number":0,"message":"x"}]}"#
        let id = IdentifierGenerator().next(at: store.log.time.now())
        _ = try await store.database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO observers (tenant, id, number, name, version, definition, enabled, paused, managed_by,
                    started_after, created_at, updated_at)
                VALUES (1, \(id), 1, 'a', 1, \(definition), 1, 0, 'api', 0, 0, 0)
                """)
            try transaction.execute("INSERT INTO observer_versions VALUES (1, 1, 1, \(definition), 'test', 0)")
            try transaction.execute("INSERT INTO deliveries VALUES (1, 0, 1, 0, 1, -7, 1, 4, 8, 0, 0, 0, NULL)")
            try transaction.execute("INSERT INTO dead_letters VALUES (1, 0, 1, 0, 1, 'null', 'x', 'x', 8, 0, 0)")
            try transaction.execute("INSERT INTO observer_replays VALUES (1, 1, 1, 0, 1, 'test', 0, 1, 1)")
            try transaction.execute("INSERT INTO observer_instances VALUES ('a', 0)")
            try transaction.execute("INSERT INTO event_index VALUES (1, 1, 0, 'x')")
            try transaction.execute("INSERT INTO event_words VALUES (1, 'x', 1)")
        }
    }

    /// A collection with a point, and what is left of another.
    private static func fillMemories(_ store: Store) async throws {
        let definition = #"{"vectors":[{"name":"","size":1,"metric":"dot"}],"indexes":[]}"#
        let id = IdentifierGenerator().next(at: store.log.time.now())
        let place = SQLValue.bytes([0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 7])
        let vector = SQLValue.bytes([0, 0, 0, 0, 0x80, 0x3F])
        _ = try await store.database.write { transaction in
            try transaction.execute("UPDATE collection_numbers SET last_number = 2")
            try transaction.execute("INSERT INTO collections VALUES (1, 'a', 1, \(id), 1, \(definition), 0, 0)")
            try transaction.execute("INSERT INTO deleted_collections VALUES (1, 2)")
            try transaction.execute("INSERT INTO restoring_collections VALUES (1, 3, 4)")
            try transaction.execute("INSERT INTO collection_pasts VALUES (1, 'a', 5)")
            try transaction.execute("INSERT INTO points VALUES (\(place), 1, 1, 1, '{}', 0, 0, NULL, 7, \(vector))")
            try transaction.execute(
                "INSERT INTO point_versions VALUES (\(place), 1, 1, 5, 7, 1, '{}', 0, 0, NULL, 0, 8, \(vector))")
        }
    }

    /// A node of a graph.
    private static func fillKnowledge(_ store: Store) async throws {
        let place = SQLValue.bytes([0, 0, 0, 0, 0, 0, 0, 1, 1, 0x61])
        let node = """
            {"uuid":"a","group_id":"","name":"a","labels":[],"summary":"","attributes":{},"version":1,\
            "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","embedding_dimensions":null}
            """
        _ = try await store.database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO graph_elements VALUES
                    (\(place), 1, NULL, NULL, NULL, 2, \(node), \(SQLValue.bytes([])), 9223372036854775807)
                """)
            try transaction.execute(
                "INSERT INTO graph_versions VALUES (\(place), 1, 1, 2, \(node), \(SQLValue.bytes([])))")
            try transaction.execute("INSERT INTO feeds VALUES ('shop-graph', 1)")
            try transaction.execute("INSERT INTO feed_readings VALUES ('shop-graph', 1, 'order', NULL, 1, NULL)")
            try transaction.execute("INSERT INTO feed_findings VALUES ('shop-graph', \(place), 1)")
            try transaction.execute(
                """
                INSERT INTO graph_relations VALUES
                    (1, 'KNOWS', '{"name":"KNOWS","cardinality":"many_to_many","description":""}')
                """)
        }
    }

    /// Something that a user has done with an item, and what is said of them.
    private static func fillRecommendations(_ store: Store) async throws {
        let time = #""created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z""#
        let item = #"{"entity_id":"a","entity_type":"b","attributes":{},"available":true,"tenant_id":"1",\#(time)}"#
        let user = #"{"user_id":"u","attributes":{},"tenant_id":"1",\#(time)}"#
        let type = #"{"interaction_type":"view","weight":2,\#(time)}"#
        let id = IdentifierGenerator().next(at: store.log.time.now())
        _ = try await store.database.write { transaction in
            try transaction.execute("INSERT INTO recommendation_items VALUES (1, 'b', 'a', 0, \(item))")
            try transaction.execute("INSERT INTO recommendation_users VALUES (1, 'u', \(user))")
            try transaction.execute("INSERT INTO interaction_types VALUES (1, 'view', \(type))")
            try transaction.execute("INSERT INTO recommendation_outcomes VALUES (1, 7, 'hybrid', '', 'view', 2)")
            try transaction.execute(
                "INSERT INTO interactions VALUES (1, 'u', 5, \(id), 'b', 'a', '\"view\"', 100000, '{}', NULL)")
            try transaction.execute("INSERT INTO shop_items VALUES (1, 'p', '[\"s\"]', 1, 1)")
            try transaction.execute("INSERT INTO shop_skus VALUES (1, 's', 'p')")
            try transaction.execute("INSERT INTO shop_stock VALUES (1, 's', 'main', 1)")
            try transaction.execute("INSERT INTO shop_purchases VALUES (1, 'u', 5, \(id), 'p')")
            try transaction.execute("INSERT INTO shop_merges VALUES (1, 'u', 'v')")
        }
    }

    /// Opens the data directory, runs a closure, and closes it.
    func withSource<T: Sendable>(_ body: (Store) async throws -> T) async throws -> T {
        let store = try await Store.open(data, time: time)
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    /// Opens the database, runs a closure, and closes it.
    func withTarget<T: Sendable>(_ body: (PostgresDatabase) async throws -> T) async throws -> T {
        try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry()).use(body)
    }

    /// A store of an instance with a directory of its own, whose data are in the database.
    func openTarget() async throws -> Store {
        let settings = try AllSettings.registry().values(from: [
            SettingsSource(name: "test", texts: ["storage.url": url])
        ])
        return try await Store.open(directory.file("instance"), settings: settings, time: time)
    }

    /// Serves from the database.
    func serveTarget(_ body: (ServedShop, ChangeLog) async throws -> Void) async throws {
        try await ServedShop.serve(openTarget(), body)
    }

    /// Moves the shop.
    @discardableResult
    func move(
        batchRows: Int = Relocation.defaultBatchRows,
        _ show: @escaping @Sendable (RelocationProgress) -> Void = { _ in }
    ) async throws -> RelocationReport {
        try await Relocation(from: data, to: url, batchRows: batchRows, time: time).run(show)
    }

    /// The failure that moving the shop ends in.
    func failure() async throws -> Failure {
        do {
            try await move()
        } catch let failure as Failure {
            return failure
        }
        throw Failure.internal("The relocation was expected to fail.")
    }
}
