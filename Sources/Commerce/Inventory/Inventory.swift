/// Stock: receiving, moving and counting it, and setting it aside.
///
/// A sku needs no product: a warehouse may have its stock before the shop has its catalogue. What always holds,
/// whatever happens at the same time: `0 <= reserved <= on_hand` for each balance, `on_hand` is the sum of the ledger,
/// and `reserved` is the sum of the held reservations.
public struct Inventory: Sendable {
    /// Where stock lies.
    public let locations = Locations()
    let balances = Balances()

    /// The stock of every tenant of a store that has ``InventorySchema``.
    public init() {}
}
