public import Core

/// The sums of an order. They follow from its lines and the cost of shipping and are never set.
public struct OrderAmounts: Sendable, Hashable {
    /// Quantities times prices.
    public let subtotal: Money
    /// What is taken off the lines.
    public let discount: Money
    /// The tax on the lines.
    public let tax: Money
    /// What shipping costs.
    public let shipping: Money
    /// Subtotal less discount, plus tax and shipping.
    public let total: Money

    /// The sums over the lines of an order.
    ///
    /// - throws: ``Failure`` `amount_out_of_range`.
    init(_ lines: [OrderLine], shipping: Money) throws {
        var subtotal = Money.zero(shipping.currency)
        var discount = subtotal
        var tax = subtotal
        for line in lines {
            subtotal = try subtotal.adding(line.amount)
            discount = try discount.adding(line.discount)
            tax = try tax.adding(line.tax)
        }
        self.subtotal = subtotal
        self.discount = discount
        self.tax = tax
        self.shipping = shipping
        total = try subtotal.subtracting(discount).adding(tax).adding(shipping)
    }

    /// Sums that stand in our own table.
    init(storedSubtotal subtotal: Money, discount: Money, tax: Money, shipping: Money, total: Money) {
        self.subtotal = subtotal
        self.discount = discount
        self.tax = tax
        self.shipping = shipping
        self.total = total
    }
}
