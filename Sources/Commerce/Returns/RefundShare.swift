import Core

/// How much of what an order line cost is paid back for some of its units, exact to the minor unit.
///
/// The shares follow the running total: whatever the split, all units together give back the whole total, and never
/// more. Three units that cost 1.00 give back 0.33, 0.34 and 0.33.
struct RefundShare {
    /// What the line cost, with discount and tax.
    let total: Money
    /// How many units that was for.
    let ordered: Int64

    /// The most that units may give back: their share of the total, rounded up.
    func limit(for quantity: Int64) throws -> Money {
        guard ordered > 0 else { return .zero(total.currency) }
        let product = Int128(total.minorUnits) * Int128(min(quantity, ordered))
        let share = (product + Int128(ordered) - 1) / Int128(ordered)
        return try Money(minorUnits: Int64(share), currency: total.currency)
    }

    /// What units give back after others have been taken back.
    ///
    /// - parameter before: how many units stand in other returns.
    /// - parameter refunded: what those give back.
    func amount(for quantity: Int64, after before: Int64, refunded: Money) throws -> Money {
        let running = try total.share(min(before + quantity, ordered), of: ordered)
        let rest = try running.subtracting(refunded).minorUnits
        return try Money(minorUnits: min(max(0, rest), limit(for: quantity).minorUnits), currency: total.currency)
    }
}
