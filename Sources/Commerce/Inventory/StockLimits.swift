/// How much stock, and how much text about it, is taken at most.
public enum StockLimits {
    /// Units of one sku that may lie at one location; a CHECK of the table holds the same number.
    public static let onHand: Int64 = 1_000_000_000_000
    /// Units that one movement or reservation may be of.
    public static let quantity: ClosedRange<Int64> = 1...1_000_000_000
    /// Units that one adjustment may add or take away.
    public static let delta: ClosedRange<Int64> = -1_000_000_000...1_000_000_000
    /// Seconds after which a reservation may expire: up to 30 days.
    public static let expiresIn: ClosedRange<Int64> = 1...2_592_000
    /// Adjustments in one bulk request.
    public static let adjustments = 1...1_000
    /// Characters of a sku.
    public static let sku = CatalogLimits.sku
    /// Characters of a location's code.
    public static let code = 1...32
    /// Characters of a reference.
    public static let reference = 1...128
    /// Characters of a reason.
    public static let reason = 1...500
}
