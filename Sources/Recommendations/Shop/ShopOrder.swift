import ChangeLog
import Core

/// An order of the shop, as far as it says who bought what. Whose it is and when it was ordered stays as it is.
struct ShopOrder: Sendable, Hashable {
    let id: Identifier
    /// The customer, by the id that the shop knows them by.
    let user: String
    /// When it was ordered.
    let time: Timestamp
    /// What was bought, each product once; nothing where the order was cancelled.
    let products: [String]

    /// Reads one as the log or its table tells of it; nil where it says of nobody that they bought something.
    init?(_ entity: FeedEntity) {
        guard let id = entity.text("id").flatMap({ Identifier($0) }), let user = entity.text("customer_id"),
            Interaction.userLength.contains(user.unicodeScalars.count), let time = entity.time("order_date"),
            entity["items"] != nil
        else { return nil }
        self.id = id
        self.user = user
        self.time = time
        let lines = entity.objects("items")
        let bought = Self.isTakenBack(entity, lines) ? [] : lines.compactMap { $0.text("product_id") }
        products = Set(bought.filter { ItemKey.idLength.contains($0.unicodeScalars.count) }).sorted()
    }

    /// Whether nothing was bought in the end. What was sent back was bought all the same; what was paid back before
    /// anything had left was cancelled.
    private static func isTakenBack(_ order: FeedEntity, _ lines: [FeedEntity]) -> Bool {
        switch order.text("status") {
        case "cancelled": true
        case "refunded": lines.allSatisfy { ($0.number("shipped_quantity") ?? 0) == 0 }
        default: false
        }
    }
}
