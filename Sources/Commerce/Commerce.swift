public import Storage

/// Orders and stock: the first role, as a library. Each resource has a service, synchronous over a unit of work.
public struct Commerce: Sendable {
    /// The catalogue: products and their variants.
    public let products: Products
    /// Who buys.
    public let customers: Customers
    /// Stock and reservations.
    public let inventory: Inventory

    /// The tables of the role; each resource has its own room among the migrations.
    public static let schemas: [Schema] = [
        CatalogSchema.schema,
        CustomerSchema.schema,
        InventorySchema.schema,
        ShipmentSchema.schema,
        ReturnSchema.schema,
    ]

    /// The services of the role.
    public init() {
        let inventory = Inventory()
        self.inventory = inventory
        products = Products { try inventory.stockedSkus($0, of: $1, in: $2) }
        customers = Customers()
    }
}
