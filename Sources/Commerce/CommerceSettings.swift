public import Core

/// The settings of the role as a whole.
public enum CommerceSettings {
    /// The currency of what names none.
    public static let defaultCurrency = Setting(
        "commerce.default_currency", default: Currency.usd, moves: "the currency of new products and orders",
        "The ISO 4217 code of the currency of products that name none, and of orders that name none whose skus the "
            + "catalogue does not have.")

    /// All of them.
    public static let all: [AnySetting] = [defaultCurrency.erased] + InventorySettings.all
}
