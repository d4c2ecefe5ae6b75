public import ChangeLog
import Core
import Storage

/// Taking over many orders that were made elsewhere.
extension Orders {
    /// Makes the order of each row that is not there yet. An order is known by its number, or its number in another
    /// system, and one that is there stays as it is.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    public func takeOver(_ bulk: Bulk<OrderDraft>, in unit: UnitOfWork) throws -> BulkResult {
        try bulk.write("orders", in: unit) { draft in
            if let (id, version) = try known(draft, in: unit) { return .unchanged(id, version: version) }
            // Setting aside may fail at the second line of an order, when the first has been written.
            guard !draft.reservesStock else {
                throw Failure.invalid(
                    at: "/reserve", "Orders that set stock aside are made one by one. Say reserve: false here.")
            }
            let order = try create(draft, in: unit)
            return .created(order.id, version: order.version)
        }
    }

    private func known(_ draft: OrderDraft, in unit: UnitOfWork) throws -> (id: Identifier, version: Int64)? {
        var conditions: [SQL] = []
        if let number = draft.history?.number { conditions.append("order_number = \(number)") }
        if let externalID = draft.externalID { conditions.append("external_id = \(externalID)") }
        for condition in conditions {
            let query: SQL = "SELECT id, version FROM orders WHERE tenant = \(unit.tenant) AND " + condition
            if let found = try unit.transaction.first(query, { (try $0.identifier(0), $0.integer(1)) }) { return found }
        }
        return nil
    }
}
