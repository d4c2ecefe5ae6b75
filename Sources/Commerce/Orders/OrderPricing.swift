import Core

/// Turns the lines that somebody asks for into lines with prices, by the catalogue and by what they may decide.
struct OrderPricing {
    /// What the catalogue has of the skus in question.
    let sellables: [String: Sellable]
    let permissions: OrderDraft.Permissions
    let currency: Currency

    /// The currency of an order: the one it names, else the one of its first known sku, else the default.
    static func currency(
        of draft: Currency?, skus: [String], _ sellables: [String: Sellable], default fallback: Currency
    ) -> Currency {
        draft ?? skus.lazy.compactMap { sellables[$0]?.price.currency }.first ?? fallback
    }

    /// A line with its price, tax and total.
    ///
    /// - parameter place: the JSON pointer of the line, for errors.
    func line(_ item: OrderItemDraft, sku: String, id: Identifier, at place: String) throws -> OrderLine {
        let sellable = try known(sku, at: place)
        if let wanted = item.productID, let sellable, wanted != sellable.productID, wanted != sellable.variantID {
            throw Failure.invalid(at: "\(place)/product_id", "The sku \(sku) belongs to another product.")
        }
        let price = try unitPrice(item, sellable, at: place)
        let discount = try item.discount.map { try money($0, at: "\(place)/discount_amount") } ?? .zero(currency)
        try permit(discount.minorUnits == 0, "\(place)/discount_amount", "a discount")
        let taxRate = item.taxRate ?? sellable?.taxRate ?? .zero
        try permit(taxRate == sellable?.taxRate ?? taxRate, "\(place)/tax_rate", "a tax rate of its own")
        return try OrderLine(
            id: id, sku: sku, productID: sellable?.productID, variantID: sellable?.variantID,
            name: sellable?.name ?? item.name ?? sku, quantity: item.quantity, unitPrice: price, discount: discount,
            taxRate: taxRate)
    }

    /// An amount in the currency of the order.
    func money(_ decimal: Decimal, at pointer: String) throws -> Money {
        guard let minor = decimal.exactly(digits: currency.digits), (0...Money.limit).contains(minor) else {
            throw Failure.invalid(
                at: pointer, "An amount from 0 to ten trillion with at most \(currency.digits) decimals is expected.")
        }
        return try Money(minorUnits: minor, currency: currency)
    }

    private func known(_ sku: String, at place: String) throws -> Sellable? {
        guard let sellable = sellables[sku] else {
            if permissions.importsHistory { return nil }
            throw Failure.invalid(at: "\(place)/sku", "There is no product with the sku \(sku).")
        }
        guard sellable.isActive || permissions.importsHistory else {
            throw Failure.invalid(at: "\(place)/sku", "\(sku) is not active, so it cannot be ordered.")
        }
        guard sellable.price.currency == currency else {
            throw Failure.invalid(
                at: "\(place)/sku",
                "\(sku) is sold in \(sellable.price.currency.code), and the order is in \(currency.code).")
        }
        return sellable
    }

    private func unitPrice(_ item: OrderItemDraft, _ sellable: Sellable?, at place: String) throws -> Money {
        guard let given = item.unitPrice else {
            guard let sellable else {
                throw Failure.invalid(
                    at: "\(place)/unit_price", "A sku that the catalogue does not have needs a price.")
            }
            return sellable.price
        }
        let price = try money(given, at: "\(place)/unit_price")
        if let sellable, price != sellable.price, !permissions.setsPrices, !permissions.importsHistory {
            throw Failure(
                .invalid, code: "price_mismatch",
                "The price of \(sellable.sku) is \(sellable.price), not \(price). Order without a price, or with "
                    + "a credential that has the scope orders:price.",
                errors: [.init(pointer: "\(place)/unit_price", message: "The price is \(sellable.price).")])
        }
        return price
    }

    private func permit(_ isUsual: Bool, _ pointer: String, _ what: String) throws {
        guard isUsual || permissions.setsPrices || permissions.importsHistory else {
            throw Failure.invalid(at: pointer, "Only a credential with the scope orders:price may give \(what).")
        }
    }
}
