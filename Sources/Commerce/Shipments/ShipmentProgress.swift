import Core
import Storage

/// How far the shipments of an order have come: what the order's own state follows.
struct ShipmentProgress: Equatable {
    /// How many units of each line of the order have left the stock.
    var shipped: [Identifier: Int64] = [:]
    /// Whether every shipment that left has reached its end, and the customer has at least one.
    var isDelivered = false

    /// The progress of an order.
    static func of(
        order: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> ShipmentProgress {
        var progress = ShipmentProgress()
        let allocations = try ShipmentAllocations(order: order).all(of: tenant, in: transaction)
        progress.shipped = allocations.mapValues(\.shipped).filter { $0.value > 0 }
        let statuses = try transaction.rows(
            "SELECT DISTINCT status FROM shipments WHERE tenant = \(tenant) AND order_id = \(order)"
        ) { try $0.choice(0, ShipmentStatus.self) }
        let left = statuses.filter(\.hasLeft)
        progress.isDelivered = left.contains(.delivered) && left.allSatisfy(\.isFinal)
        return progress
    }
}
