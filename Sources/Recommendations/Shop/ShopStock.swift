import ChangeLog

/// Whether there is any of a sku at a location of the shop that nobody has reserved.
struct ShopStock: Sendable, Hashable {
    let sku: String
    let location: String
    let isAvailable: Bool

    /// Reads a balance as the log or its table tells of it; nil where that is none.
    init?(_ entity: FeedEntity) {
        guard let sku = entity.text("sku"), let location = entity.text("location"),
            let available = entity.number("available")
        else { return nil }
        self.sku = sku
        self.location = location
        isAvailable = available > 0
    }
}
