import Commerce
import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog
@testable import Knowledge

/// A shop in a store of its own, and what makes a graph of it.
struct ShopWorld: Sendable {
    let store: TestStore
    let elements = GraphElements(dimensions: 3)

    /// - parameter schema: the tables of graphs.
    init(_ engine: TestStore.Engine, knowledge schema: Schema = KnowledgeSchema.schema) async throws {
        store = try await TestStore(engine, schemas: Commerce.schemas + [schema])
    }

    /// One that knows nothing but what is stored, as after a restart.
    func feed(_ shop: any EntityImages = Commerce(), isOn: Bool = true) throws -> Feed<ShopGraphSink> {
        let settings = try SettingsRegistry(KnowledgeSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["knowledge.shop": "\(isOn)"])
        ])
        return ShopGraphSink(elements: elements)
            .feed(store.log, from: shop, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    /// Has the shop do something.
    @discardableResult
    func act<T: Sendable>(_ body: @escaping @Sendable (Commerce, UnitOfWork) throws -> T) async throws -> T {
        store.time.advance(bySeconds: 1)
        return try await store.log.write(TestStore.context) { try body(Commerce(), $0) }.value
    }

    /// What a body of a request says.
    static func read<T>(_ json: String, _ body: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(try JSONParser.parse(Array(json.utf8)), body)
    }

    /// Takes over all that there is, by another one for each part.
    func catchUp(_ shop: any EntityImages = Commerce()) async throws {
        repeat { _ = try await store.settledHead() } while try await feed(shop).takeOver() > 0
    }

    /// Has the log lose what has happened so far, as retention does.
    ///
    /// - parameter isKept: whether the changes stay, as ``restoreLog()`` needs them. Nobody reads them until then.
    func cutLog(isKept: Bool = false) async throws {
        let head = try await store.settledHead()
        guard !isKept else {
            try await execute("UPDATE change_log_start SET position = \(head)")
            return
        }
        store.time.advance(bySeconds: 7_200)
        try await store.log.forgetFollower(ShopGraphSink.name)
        #expect(try await retention().pass() > 0)
    }

    func retention() throws -> Retention {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["change_log.retention_age": "1"])
        ])
        return Retention(store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    func restoreLog() async throws { try await execute("UPDATE change_log_start SET position = 0") }

    /// Forgets the graph and how far it is.
    func dropGraph() async throws {
        for table: SQL in ["graph_elements", "graph_versions", "feeds", "feed_readings", "feed_findings"] {
            try await execute("DELETE FROM \(table)")
        }
    }

    func execute(_ sql: SQL) async throws { _ = try await store.database.write { try $0.execute(sql) } }

    /// How many changes were taken over.
    var changesTaken: Int { store.metrics.counter("shop_graph_changes_total", "").with().value }

    /// How many things were taken over from the tables.
    var entitiesRead: Int { store.metrics.counter("shop_graph_entities_read_total", "").with().value }

    /// How many there are of them.
    var entities: Int64 {
        get async throws {
            try await count(
                """
                SELECT (SELECT COUNT(*) FROM customers) + (SELECT COUNT(*) FROM products)
                    + (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM reservations)
                """)
        }
    }

    /// Has other things happen.
    func append(_ count: Int) async throws {
        _ = try await store.log.write(TestStore.context) { unit in
            for _ in 0..<count { try unit.recordInsert("balance", unit.makeIdentifier(), after: Array("{}".utf8)) }
        }
    }

    /// How far the log is taken over.
    func progress() async throws -> FeedProgress { try await feed().progress() }

    func count(_ sql: SQL) async throws -> Int64 {
        try await store.database.read { try $0.first(sql) { $0.integer(0) } } ?? 0
    }

    /// All elements with all that is said of them, but for times that say when they were written, and how often.
    func graph() async throws -> [String] {
        try await store.database.read { transaction in
            try transaction.rows(
                """
                SELECT tenant, source_key, target_key, relation_key, document FROM graph_elements ORDER BY place
                """
            ) { row in
                guard case .object(let object) = try JSONParser.parse(row.bytes(4)) else { return "" }
                var written: Set<String> = ["created_at", "updated_at", "version"]
                let lasting = ["IN_CATEGORY", "SUPPLIED_BY", "VARIANT_OF"].map(JSONValue.string)
                if object["name"].map(lasting.contains) == true { written.insert("valid_at") }
                let members = object.members.filter { !written.contains($0.name) }
                let keys = (0...3).map { "\(row.optionalInteger($0) ?? 0)" }.joined(separator: " ")
                return "\(keys) \(String(decoding: JSONWriter.bytes(of: JSONObject(members)), as: UTF8.self))"
            }
        }
    }

    /// What the graph is when every change is taken over from the first on.
    func graphOfAllChanges() async throws -> [String] {
        try await dropGraph()
        try await restoreLog()
        try await catchUp()
        return try await graph()
    }
}

/// The tables of a shop, a few rows at a time, and something that happens whenever they are read.
struct ShopPages: EntityImages {
    var limit = 3
    var whenRead: @Sendable () -> Void = {}

    func images(
        of type: String, after last: EntityKey?, limit: Int, in transaction: any ReadTransaction
    ) throws -> [EntityImage] {
        whenRead()
        return try Commerce().images(of: type, after: last, limit: min(limit, self.limit), in: transaction)
    }
}
