public import Core
public import Storage

extension Inventory {
    /// Those of some skus of which there is stock anywhere, so that the catalogue does not let go of them. What is
    /// reserved is part of what is on hand.
    public func stockedSkus(
        _ skus: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String] {
        try transaction.rows(
            """
            SELECT DISTINCT sku FROM balances WHERE tenant = \(tenant) AND sku = \(each: skus) AND on_hand > 0
            """
        ) { $0.text(0) }.sorted()
    }
}
