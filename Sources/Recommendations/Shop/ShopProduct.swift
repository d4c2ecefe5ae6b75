import ChangeLog
import Core

/// A product of the shop, as far as it says what can be recommended.
struct ShopProduct: Sendable, Hashable {
    /// What its item is.
    static let itemType = "product"

    /// Its id in the shop, which is that of its item.
    let id: String
    /// What it can be bought as: its own sku, and those of its variants that are sold.
    let skus: [String]
    /// Whether it is sold.
    let isActive: Bool
    /// What is known of its item.
    let attributes: JSONObject

    /// Reads one as the log or its table tells of it; nil where that is none that could be an item.
    init?(_ entity: FeedEntity) {
        guard let id = Self.id(of: entity) else { return nil }
        self.id = id
        let sold = entity.objects("variants").filter { $0["active"] != .bool(false) }
        skus = Set(([entity] + sold).compactMap { $0.text("sku") }).sorted()
        isActive = entity["active"] != .bool(false)
        attributes = ShopAttributes.attributes(of: entity)
    }

    /// The id of a product; nil of what cannot be an item.
    static func id(of entity: FeedEntity) -> String? {
        entity.text("id").flatMap { ItemKey.idLength.contains($0.unicodeScalars.count) ? $0 : nil }
    }

    /// The key of the item of a product.
    static func key(_ id: String) -> ItemKey { ItemKey(itemType, id) }
}
