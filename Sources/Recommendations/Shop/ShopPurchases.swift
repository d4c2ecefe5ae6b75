import ChangeLog
import Core
import Storage

/// The purchases that are made of the shop's orders: one for each product of an order, however many of it. It is kept
/// which they are, so that what was ordered and is taken back can be taken back here, and nothing else.
struct ShopPurchases: Sendable {
    let interactions: Interactions

    private static let rows = Insertion(
        into: "shop_purchases", "tenant, user_id, interacted_at, order_id, product", hasNewKeys: true)

    /// Writes what an order says that was bought, and takes back what it does not say any more. What was written once
    /// is not written again, so who was forgotten stays so.
    func put(_ order: ShopOrder, in unit: UnitOfWork) throws {
        let known = Set(
            try unit.transaction.rows("SELECT product FROM shop_purchases WHERE \(Self.isOf(order, unit.tenant))") {
                $0.text(0)
            })
        let new = order.products.filter { !known.contains($0) }
        if !new.isEmpty {
            try unit.transaction.insert(
                Self.rows,
                new.flatMap { product -> [SQLValue] in
                    [
                        unit.tenant.sqlValue, .text(order.user), order.time.sqlValue, .identifier(order.id),
                        .text(product),
                    ]
                })
            try interactions.add(credited(new.map(order.purchase), of: order, in: unit), in: unit)
        }
        let gone = known.subtracting(order.products)
        if !gone.isEmpty { try takeBack(gone.sorted(), of: order, in: unit) }
    }

    /// Purchases with the answers that their user's latest interactions with the products name.
    private func credited(
        _ purchases: [InteractionDraft], of order: ShopOrder, in unit: UnitOfWork
    ) throws -> [InteractionDraft] {
        let start = order.time.advanced(bySeconds: -Attribution.orderWindow)
        let answers = try interactions.answers(
            namedBy: order.user, with: purchases.map(\.item.id), of: ShopProduct.itemType, in: start...order.time,
            unit.tenant, in: unit.transaction)
        return purchases.map { purchase in
            var purchase = purchase
            purchase.recommendation = answers[purchase.item.id]
            return purchase
        }
    }

    private func takeBack(_ products: [String], of order: ShopOrder, in unit: UnitOfWork) throws {
        try unit.transaction.execute(
            """
            DELETE FROM shop_purchases
            WHERE \(Self.isOf(order, unit.tenant)) AND product IN (\(list: products))
            """)
        // Another order of the same moment, as an import of whole days has them, says the same.
        let others = Set(
            try unit.transaction.rows(
                """
                SELECT product FROM shop_purchases
                WHERE tenant = \(unit.tenant) AND user_id = \(order.user) AND interacted_at = \(order.time)
                    AND product IN (\(list: products))
                """
            ) { $0.text(0) })
        let purchases = products.filter { !others.contains($0) }.map(order.purchase)
        let users = try ShopMerges.users(since: order.user, of: unit.tenant, in: unit.transaction)
        try interactions.remove(
            try interactions.find(purchases, of: users, unit.tenant, in: unit.transaction), in: unit)
    }

    private static func isOf(_ order: ShopOrder, _ tenant: Tenant) -> SQL {
        """
        tenant = \(tenant) AND user_id = \(order.user) AND interacted_at = \(order.time) AND order_id = \(order.id)
        """
    }
}

extension ShopOrder {
    /// What a user did who bought a product of it, at what a purchase is worth to the tenant.
    fileprivate func purchase(_ product: String) -> InteractionDraft {
        InteractionDraft(user, ShopProduct.key(product), .named("purchase"), time: time)
    }
}
