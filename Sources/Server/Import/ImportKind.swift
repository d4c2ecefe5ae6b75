import API
import Core

/// What can be imported.
public enum ImportKind: String, CaseIterable, Sendable {
    case products, customers, orders, inventory, entities, interactions

    /// How many rows go in one request at most; what the bulk routes allow.
    var batchLimit: Int {
        switch self {
        case .products, .inventory, .customers: 500
        case .orders: 100
        case .entities, .interactions: RecommendationRows.limit
        }
    }

    /// Whether recommendations are made of it.
    public var isForRecommendations: Bool { self == .entities || self == .interactions }

    /// What a row may say.
    public var fields: [ImportField] {
        switch self {
        case .products: Self.productFields
        case .customers: Self.customerFields + Self.address("address")
        case .orders:
            Self.orderFields + Self.address("shipping_address") + Self.address("billing_address") + Self.lineFields
        case .inventory: Self.inventoryFields
        case .entities: Self.entityFields
        case .interactions: Self.interactionFields
        }
    }

    private static let productFields: [ImportField] = [
        .init("sku", .text, "the sku, by which a product is found again"), .init("name", .text, "what it is called"),
        .init("description", .text, "what there is to say of it"), .init("price", .money, "the price of one"),
        .init("currency", .text, "the ISO 4217 code of the price"), .init("cost", .money, "what it cost"),
        .init("tax_rate", .rate, "the tax as a fraction, 0.19 for 19 %"), .init("active", .flag, "whether it is sold"),
        .init("external_id", .text, "its identifier in another system"),
        .init("tags", .list, "words to find it by, separated by ; or ,"),
        .init("attributes.*", .text, "any further fact under its name"),
    ]

    private static let customerFields: [ImportField] = [
        .init("external_id", .text, "its identifier in another system, by which it is found again"),
        .init("name", .text, "what it is called"), .init("company", .text, "the company"),
        .init("email", .text, "the e-mail address"), .init("phone", .text, "the telephone number"),
        .init("notes", .text, "what there is to say of it"), .init("tags", .list, "words to find it by"),
    ]

    private static let orderFields: [ImportField] = [
        .init("order_number", .text, "the number, by which an order is found again"),
        .init("external_id", .text, "its number in another system, by which it is found again too"),
        .init("customer_external_id", .text, "the external_id of the customer"),
        .init("currency", .text, "the ISO 4217 code of all of its amounts"),
        .init("order_date", .time, "when it was made"),
        .init("status", .text, "its state; without one, shipped when shipped_at has a value and pending otherwise"),
        .init("shipped_at", .time, "when it was shipped, from which its state follows"),
        .init("shipping_amount", .money, "what the delivery costs"),
        .init("total_amount", .money, "what it comes to; a different sum is refused"),
        .init("payment_method", .text, "how it is paid"), .init("shipping_method", .text, "how it is sent"),
        .init("notes", .text, "what there is to say of it"),
    ]

    private static let lineFields: [ImportField] = [
        .init("items.sku", .text, "the sku of a line"), .init("items.quantity", .integer, "how many"),
        .init("items.unit_price", .money, "the price of one"),
        .init("items.discount_amount", .money, "what is taken off the line"),
        .init("items.discount_rate", .rate, "what is taken off the line, as a fraction of price times quantity"),
        .init("items.tax_rate", .rate, "the tax as a fraction"), .init("items.name", .text, "what it is called"),
    ]

    private static let inventoryFields: [ImportField] = [
        .init("sku", .text, "the sku"), .init("quantity", .integer, "how many there are, as counted"),
        .init("location", .text, "the code of the location; without one, where stock lies first of all"),
        .init("reorder_point", .integer, "at how many the sku is low on stock"),
        .init("reference", .text, "the paper that it stands on"), .init("reason", .text, "why it was counted"),
    ]

    private static func address(_ name: String) -> [ImportField] {
        [
            .init("\(name).name", .text, "who receives it there"), .init("\(name).company", .text, "the company"),
            .init("\(name).line1", .text, "street and number"), .init("\(name).line2", .text, "floor, flat"),
            .init("\(name).city", .text, "the town"), .init("\(name).region", .text, "state, province or county"),
            .init("\(name).postal_code", .text, "the postal code"), .init("\(name).country", .text, "the country"),
            .init("\(name).phone", .text, "whom the carrier calls"),
        ]
    }
}

/// Something that a row may say: where it goes, and how its text is read.
public struct ImportField: Sendable, Hashable {
    /// How a text is read.
    public enum Form: String, Sendable {
        case text, integer, money, rate, flag, time, list
        /// A number that need not be exact.
        case number
        /// Texts separated by `|`, which may have commas in them.
        case parts
        /// A JSON object.
        case object
        /// A text, or a JSON object.
        case textOrObject
        /// A time as a number since 1970.
        case unixSeconds, unixMilliseconds
    }

    /// The path of the member that it becomes: `sku`, `address.city`; `attributes.*` stands for any name there.
    public let name: String
    /// How its text is read.
    public let form: Form
    /// What it is, for the help.
    public let summary: String

    init(_ name: String, _ form: Form, _ summary: String) {
        self.name = name
        self.form = form
        self.summary = summary
    }

    /// Whether a path is meant by it.
    func covers(_ path: String) -> Bool {
        guard name.hasSuffix("*") else { return path == name }
        let prefix = name.dropLast()
        return path.hasPrefix(prefix) && path.utf8.count > prefix.utf8.count
    }
}
