public import ChangeLog
public import Core
public import Storage

/// What tenants say of their users, and that they can be forgotten.
public struct RecommendationUsers: Sendable {
    /// Writes what is known of a user, in place of what was.
    ///
    /// - returns: the user, and whether nothing was written of them before.
    public func put(
        _ id: String, attributes: JSONObject, in unit: UnitOfWork
    ) throws -> (user: RecommendationUser, isNew: Bool) {
        guard let before = try find(id, of: unit.tenant, in: unit.transaction) else {
            let user = RecommendationUser(id, attributes: attributes, of: unit.tenant, at: unit.now)
            let document = JSONWriter.bytes(of: user)
            try unit.recordInsert(
                RecommendationUser.entityType, RecommendationUser.entity(of: id), after: document)
            try unit.transaction.execute(
                "INSERT INTO recommendation_users VALUES (\(unit.tenant), \(id), \(SQLValue.utf8(document)))")
            return (user, true)
        }
        var after = before
        after.attributes = attributes
        guard after != before else { return (before, false) }
        after.updatedAt = max(unit.now, before.updatedAt)
        let document = JSONWriter.bytes(of: after)
        try unit.recordUpdate(
            RecommendationUser.entityType, RecommendationUser.entity(of: id), before: JSONWriter.bytes(of: before),
            after: document)
        try unit.transaction.execute(
            """
            UPDATE recommendation_users SET document = \(SQLValue.utf8(document))
            WHERE tenant = \(unit.tenant) AND user_id = \(id)
            """)
        return (after, false)
    }

    /// Forgets a user: what is known of them, and all that they did.
    ///
    /// - returns: how many interactions went with them.
    /// - throws: ``Failure`` `user_not_found` when there is nothing to forget.
    @discardableResult
    public func delete(_ id: String, in unit: UnitOfWork) throws -> Int {
        let known = try find(id, of: unit.tenant, in: unit.transaction)
        try ForgottenInteractions.record(of: id, in: unit)
        let count = try unit.transaction.execute(
            "DELETE FROM interactions WHERE tenant = \(unit.tenant) AND user_id = \(id)")
        let user = known ?? RecommendationUser(id, attributes: JSONObject(), of: unit.tenant, at: unit.now)
        guard count > 0 || known != nil else { throw Self.notFound(id) }
        try unit.transaction.execute(
            "DELETE FROM recommendation_users WHERE tenant = \(unit.tenant) AND user_id = \(id)")
        try ShopMerges.forget(id, in: unit)
        // One change tells that all is gone, and sums without a name of how much: an entry for each interaction would
        // keep in the log what is to be forgotten.
        try unit.recordDelete(
            RecommendationUser.entityType, RecommendationUser.entity(of: id), before: JSONWriter.bytes(of: user))
        return count
    }

    /// What is known of a user; nil when nothing was written.
    public func find(
        _ id: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> RecommendationUser? {
        try transaction.first(
            "SELECT u.document FROM recommendation_users u WHERE u.tenant = \(tenant) AND u.user_id = \(id)"
        ) { try RecommendationUser(StoredFields($0.bytes(0)), of: tenant) }
    }

    /// Some users of all tenants, in the order of their keys.
    ///
    /// - parameter last: the one after which they come; nil begins.
    func page(
        after last: RecommendationUser?, limit: Int, in transaction: any ReadTransaction
    ) throws -> [RecommendationUser] {
        var query: SQL = "SELECT tenant, document FROM recommendation_users"
        if let last { query += " WHERE (tenant, user_id) > (\(last.tenant), \(last.id))" }
        query += " ORDER BY tenant, user_id LIMIT \(limit)"
        return try transaction.rows(query) {
            try RecommendationUser(StoredFields($0.bytes(1)), of: Tenant($0.integer(0)))
        }
    }

    /// What is known of a user.
    ///
    /// - throws: ``Failure`` `user_not_found`.
    public func require(
        _ id: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> RecommendationUser {
        guard let user = try find(id, of: tenant, in: transaction) else { throw Self.notFound(id) }
        return user
    }

    private static func notFound(_ id: String) -> Failure {
        Failure(.notFound, code: "user_not_found", "Nothing is known of the user \(id).")
    }
}
