public import Core
public import Storage

/// Orders and stock: the first role, as a library. Each resource has a service, synchronous over a unit of work.
public struct Commerce: Sendable {
    /// The catalogue: products and their variants.
    public let products: Products
    /// Who buys.
    public let customers: Customers
    /// Stock and reservations.
    public let inventory: Inventory
    /// What was ordered.
    public let orders: Orders
    /// What was paid for it.
    public let payments: Payments
    /// What leaves for orders.
    public let shipments: Shipments
    /// What comes back of orders.
    public let returns: Returns

    /// The tables of the role; each resource has its own room among the migrations.
    public static let schemas: [Schema] = [
        CatalogSchema.schema,
        CustomerSchema.schema,
        InventorySchema.schema,
        OrderSchema.schema,
        PaymentSchema.schema,
        ShipmentSchema.schema,
        ReturnSchema.schema,
    ]

    /// The services of the role.
    ///
    /// - parameter settings: those of ``CommerceSettings``.
    public init(settings: SettingsValues = .defaults) {
        let defaultCurrency = settings[CommerceSettings.defaultCurrency]
        let inventory = Inventory()
        self.inventory = inventory
        products = Products(defaultCurrency: defaultCurrency) { try inventory.stockedSkus($0, of: $1, in: $2) }
        customers = Customers { try Orders.exist(ofCustomer: $0, of: $1, in: $2) }
        orders = Orders(products, customers, inventory, defaultCurrency: defaultCurrency)
        payments = Payments(orders: orders)
        shipments = Shipments(orders)
        returns = Returns(orders, inventory, payments)
    }
}
