public import ChangeLog
import Core

extension Inventory {
    /// Makes many adjustments, in their order.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    public func adjust(_ bulk: Bulk<StockAdjustment>, in unit: UnitOfWork) throws -> BulkResult {
        // An adjustment that its stock or its location does not allow has written nothing yet.
        try bulk.write("adjustments", in: unit) { adjustment in
            let balance = try adjust(adjustment, in: unit)
            return .updated(balance.id, version: balance.version)
        }
    }
}
