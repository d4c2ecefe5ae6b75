import ChangeLog
import Core
import Logging
import Storage
import Telemetry

/// Takes over the shop into recommendations: products are items, which are available as long as there is any of them,
/// and orders are purchases of their customers.
///
/// It reads the JSON of the log and knows nothing else of the shop.
struct ShopSink: FeedSink {
    private let items: ShopItems
    private let purchases: ShopPurchases

    static let name = "shop-recommendations"

    init(_ items: Items, _ interactions: Interactions) {
        self.items = ShopItems(items: items)
        purchases = ShopPurchases(interactions: interactions)
    }

    var name: String { Self.name }
    var types: [String] { ["product", "balance", "order"] }

    func update(of type: String, _ entity: FeedEntity, before: FeedEntity?) -> ShopUpdate? {
        switch type {
        case "product": Self.changed(ShopProduct.init, entity, before).map { ShopUpdate(products: [$0]) }
        case "balance": Self.changed(ShopStock.init, entity, before).map { ShopUpdate(stock: [$0]) }
        case "order": Self.changed(ShopOrder.init, entity, before).map { ShopUpdate(orders: [$0]) }
        default: nil
        }
    }

    func update(withoutEntity entity: FeedEntity, of type: String) -> ShopUpdate? {
        guard type == "product" else { return nil }
        return ShopProduct.id(of: entity).map { ShopUpdate(goneProducts: [$0]) }
    }

    /// What an entity says, where it said something else before: most of what happens to balances and orders is no
    /// news here, and costs nothing.
    private static func changed<Part: Equatable>(
        _ read: (FeedEntity) -> Part?, _ entity: FeedEntity, _ before: FeedEntity?
    ) -> Part? {
        let part = read(entity)
        return part == before.flatMap(read) ? nil : part
    }

    func write(_ update: ShopUpdate, in unit: UnitOfWork) throws {
        for product in update.goneProducts { try items.remove(product, in: unit) }
        for product in update.products { try items.put(product, in: unit) }
        for stock in update.stock { try items.put(stock, in: unit) }
        for order in update.orders { try purchases.put(order, in: unit) }
    }

    func places(after last: [UInt8]?, limit: Int, in transaction: any ReadTransaction) throws -> [FeedPlace] {
        try items.places(after: try last.flatMap { try ShopPlace($0) }, limit: limit, in: transaction)
            .map { FeedPlace($0.tenant, $0.bytes) }
    }

    func update(withoutPlaces places: [FeedPlace], in _: any ReadTransaction) throws -> ShopUpdate {
        ShopUpdate(goneProducts: try places.compactMap { try ShopPlace($0.bytes)?.product })
    }

    /// What leads the shop to it.
    ///
    /// - parameter shop: has the tables of the shop.
    func feed(
        _ log: ChangeLog, from shop: any EntityImages, settings: SettingsValues, metrics: MetricsRegistry,
        logger: Logger
    ) -> Feed<ShopSink> {
        let counters = FeedCounters(
            changes: metrics.counter(
                "shop_recommendation_changes_total", "Changes of the shop that recommendations have taken over."
            ).with(),
            entities: metrics.counter(
                "shop_recommendation_entities_read_total",
                "Products, balances and orders that recommendations have taken over from the shop's tables."
            ).with())
        return Feed(
            self, of: log, from: shop,
            under: Lease("shop_recommendations", of: log, settings: settings, metrics: metrics, logger: logger),
            isOn: settings[RecommendationsSettings.shop].isOn, counters: counters, logger: logger)
    }
}
