public import ChangeLog
import Core
public import Storage

/// Products, customers, orders, reservations and balances as they stand in the tables, for whoever follows the log and
/// finds that it does not go back to their beginning.
extension Commerce: EntityImages {
    public func images(
        of type: String, after last: EntityKey?, limit: Int, in transaction: any ReadTransaction
    ) throws -> [EntityImage] {
        switch type {
        case "product":
            try Self.images(of: "products", after: last, limit, in: transaction, id: \.id) {
                try products.load($0, of: $1, in: transaction)
            }
        case "customer":
            try Self.images(of: "customers", after: last, limit, in: transaction, id: \.id) {
                try customers.load($0, of: $1, in: transaction)
            }
        case "order":
            try Self.images(of: "orders", after: last, limit, in: transaction, id: \.id) {
                try orders.load($0, of: $1, in: transaction)
            }
        case "reservation":
            try Self.images(of: "reservations", after: last, limit, in: transaction, id: \.id) {
                try inventory.load(reservations: $0, of: $1, in: transaction)
            }
        case "balance":
            try Self.images(of: "balances", after: last, limit, in: transaction, id: \.id) {
                try inventory.load(balances: $0, of: $1, in: transaction)
            }
        default: throw Failure.internal("Entities of the type \(type) cannot be read from their tables.")
        }
    }

    /// - parameter load: reads entities of a tenant.
    private static func images<Entity: JSONEncodable>(
        of table: SQL, after last: EntityKey?, _ limit: Int, in transaction: any ReadTransaction,
        id: (Entity) -> Identifier, _ load: ([Identifier], Tenant) throws -> [Entity]
    ) throws -> [EntityImage] {
        let keys = try transaction.keys(of: table, after: last, limit: limit)
        var images: [EntityKey: EntityImage] = [:]
        for (tenant, keys) in Dictionary(grouping: keys, by: \.tenant) {
            for entity in try load(keys.map(\.entity), tenant) {
                let key = EntityKey(tenant, id(entity))
                images[key] = EntityImage(key, JSONWriter.bytes(of: entity))
            }
        }
        return keys.compactMap { images[$0] }
    }
}
