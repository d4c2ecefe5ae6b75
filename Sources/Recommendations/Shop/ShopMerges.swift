import ChangeLog
import Core
import Storage

/// Whose the purchases of which customers have become: an order goes on saying who ordered, and what it takes back is
/// to be found.
enum ShopMerges {
    /// How many users are looked at who had a purchase one after the other.
    private static let limit = 100

    /// Remembers that what one user did is another's, if there are purchases of the shop among it.
    static func note(_ from: String, into user: String, in unit: UnitOfWork) throws {
        let isCustomer = try unit.transaction.first(
            "SELECT 1 FROM shop_purchases WHERE tenant = \(unit.tenant) AND user_id = \(from) LIMIT 1"
        ) { _ in true }
        let wasMerged = try unit.transaction.first(
            "SELECT 1 FROM shop_merges WHERE tenant = \(unit.tenant) AND merged_into = \(from) LIMIT 1"
        ) { _ in true }
        guard isCustomer ?? wasMerged ?? false else { return }
        try unit.transaction.execute(
            "INSERT INTO shop_merges VALUES (\(unit.tenant), \(from), \(user)) ON CONFLICT DO NOTHING")
    }

    /// Forgets what became a user's.
    static func forget(_ user: String, in unit: UnitOfWork) throws {
        try unit.transaction.execute(
            "DELETE FROM shop_merges WHERE tenant = \(unit.tenant) AND merged_into = \(user)")
    }

    /// A user, and all of whom what the user did may be now.
    static func users(
        since user: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String] {
        var users = [user]
        var next = 0
        while next < users.count, users.count < limit {
            let later = try transaction.rows(
                """
                SELECT merged_into FROM shop_merges WHERE tenant = \(tenant) AND user_id = \(users[next])
                ORDER BY merged_into LIMIT \(limit - users.count)
                """
            ) { $0.text(0) }
            users += later.filter { !users.contains($0) }
            next += 1
        }
        return users
    }
}
