import ChangeLog
import Core

/// What a change in the shop makes of items and interactions, or what stands in its tables.
struct ShopUpdate: FeedUpdate {
    /// Products as they are now.
    var products: [ShopProduct] = []
    /// The ids of products that are gone.
    var goneProducts: [String] = []
    /// What there is of skus at locations now.
    var stock: [ShopStock] = []
    /// Orders as they are now.
    var orders: [ShopOrder] = []

    mutating func append(_ other: ShopUpdate) {
        products += other.products
        goneProducts += other.goneProducts
        stock += other.stock
        orders += other.orders
    }

    var count: Int {
        products.count + goneProducts.count + stock.count + orders.reduce(0) { $0 + max(1, $1.products.count) }
    }

    /// Balances and orders stay for ever once they were made, so it is asked of products alone whether they are there.
    func places(of tenant: Tenant) -> [[UInt8]] { products.map { ShopPlace(tenant, $0.id).bytes } }
}
