public import ChangeLog
public import Core

/// The units of a sku that somebody counted, and at how many it is low on stock.
public struct StockCount: Sendable {
    /// What was counted.
    public var movement: StockMovement
    /// At how many available units it is low on stock; nil leaves that as it is.
    public var reorderPoint: Int64?

    /// A count in code.
    public init(_ movement: StockMovement, reorderPoint: Int64? = nil) {
        self.movement = movement
        self.reorderPoint = reorderPoint
    }

    /// Reads one of a bulk request's.
    public init(_ fields: inout JSONFields) {
        movement = StockMovement(&fields, quantity: 0...StockLimits.onHand)
        reorderPoint = fields.optionalInteger("reorder_point", in: 0...StockLimits.onHand)
    }
}

extension Inventory {
    /// Sets the units of many skus to what was counted, as ``count(_:in:)`` does for one.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    public func count(_ bulk: Bulk<StockCount>, in unit: UnitOfWork) throws -> BulkResult {
        try bulk.write("counts", in: unit) { row in
            var balance = try count(row.movement, in: unit)
            if let point = row.reorderPoint, point != balance.reorderPoint {
                balance = try setReorderPoint(point, of: balance.sku, at: balance.location, in: unit)
            }
            return .updated(balance.id, version: balance.version)
        }
    }
}
