import ChangeLog
import Core
import Logging
import Storage
import Telemetry

/// Takes over the shop into its graph, which is written as anybody's is: it can be searched, walked through and asked
/// for as of a moment.
struct ShopGraphSink: FeedSink {
    let elements: GraphElements

    static let name = "shop-graph"

    var name: String { Self.name }
    var types: [String] { ShopGraph.types }

    func update(of type: String, _ entity: FeedEntity, before: FeedEntity?) -> ShopUpdate? {
        ShopGraph.update(of: type, entity, before: before)
    }

    func update(withoutEntity entity: FeedEntity, of type: String) -> ShopUpdate? {
        ShopGraph.update(withoutEntity: entity, of: type)
    }

    func write(_ update: ShopUpdate, in unit: UnitOfWork) throws { try elements.apply(update, in: unit) }

    /// From the last place to the first, so that edges go before the nodes of which something depends on edges.
    func places(after last: [UInt8]?, limit: Int, in transaction: any ReadTransaction) throws -> [FeedPlace] {
        var query: SQL = "SELECT tenant, place FROM graph_elements"
        if let last { query += " WHERE place < \(SQLValue.bytes(last))" }
        query += " ORDER BY place DESC LIMIT \(limit)"
        return try transaction.rows(query) { FeedPlace(Tenant($0.integer(0)), $0.bytes(1)) }
    }

    func update(withoutPlaces places: [FeedPlace], in transaction: any ReadTransaction) throws -> ShopUpdate {
        let query: SQL = """
            SELECT place, document FROM graph_elements WHERE place IN (\(list: places.map { SQLValue.bytes($0.bytes) }))
            """
        var update = ShopUpdate()
        for (kind, id, isPart) in try transaction.rows(query, Self.element) where isPart {
            update.append(ShopGraph.update(without: kind, id))
        }
        return update
    }

    private static func element(_ row: Row) throws -> (ElementKind, id: String, isPart: Bool) {
        guard let kind = row.withBytes(0, ElementPlace.kind) else { throw StoredElement.misplaced }
        return (kind, row.withBytes(0, ElementPlace.id), try ShopGraph.isPart(StoredFields(row.bytes(1))))
    }

    /// What leads the shop to it.
    ///
    /// - parameter shop: has the tables of the shop.
    func feed(
        _ log: ChangeLog, from shop: any EntityImages, settings: SettingsValues, metrics: MetricsRegistry,
        logger: Logger
    ) -> Feed<ShopGraphSink> {
        let counters = FeedCounters(
            changes: metrics.counter(
                "shop_graph_changes_total", "Changes of the shop that its graph has taken over."
            ).with(),
            entities: metrics.counter(
                "shop_graph_entities_read_total",
                "Customers, products, orders and reservations that its graph has taken over from the shop's tables."
            ).with())
        return Feed(
            self, of: log, from: shop,
            under: Lease("shop_graph", of: log, settings: settings, metrics: metrics, logger: logger),
            isOn: settings[KnowledgeSettings.shop].isOn, counters: counters, logger: logger)
    }
}
