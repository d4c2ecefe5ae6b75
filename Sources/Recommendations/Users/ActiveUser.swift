import ChangeLog
public import Core
public import Storage

/// A user of whom something is said or who has done something, for a list of them all.
public struct ActiveUser: JSONEncodable, Sendable, Hashable {
    /// Which one.
    public let id: String
    /// What is said of them; nil when nothing is.
    public let user: RecommendationUser?
    /// How many interactions there are of them.
    public let interactionCount: Int64
    /// When they did something first and last; nil when they never did.
    public let interactionTimes: ClosedRange<Timestamp>?
    let tenant: Tenant

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("user_id", id)
            json.member("attributes", JSONValue.object(user?.attributes ?? JSONObject()))
            json.member("interaction_count", interactionCount)
            json.member("last_interaction_at", interactionTimes?.upperBound)
            json.member("tenant_id", tenant.clientName)
            // One of whom nothing is said is there by what they did.
            json.member("created_at", user?.createdAt ?? interactionTimes?.lowerBound)
            json.member("updated_at", user?.updatedAt ?? interactionTimes?.upperBound)
        }
    }
}

extension RecommendationUsers {
    /// Some users of whom something is said or who have done something, in the order of their ids.
    ///
    /// - parameter last: the one after which they come; nil begins.
    public func page(
        after last: ActiveUser?, limit: Int, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [ActiveUser] {
        let start = last?.id ?? ""
        let ids = try transaction.rows(
            """
            SELECT described.user_id FROM (
                SELECT u.user_id FROM recommendation_users u WHERE u.tenant = \(tenant) AND u.user_id > \(start)
                ORDER BY u.user_id LIMIT \(limit)) described
            UNION SELECT active.user_id FROM (
                SELECT DISTINCT x.user_id FROM interactions x WHERE x.tenant = \(tenant) AND x.user_id > \(start)
                ORDER BY x.user_id LIMIT \(limit)) active
            ORDER BY 1 LIMIT \(limit)
            """
        ) { $0.text(0) }
        guard let first = ids.first, let end = ids.last else { return [] }
        let described = try transaction.rows(
            """
            SELECT u.document FROM recommendation_users u
            WHERE u.tenant = \(tenant) AND u.user_id >= \(first) AND u.user_id <= \(end)
            """
        ) { try RecommendationUser(StoredFields($0.bytes(0)), of: tenant) }
        let users = Dictionary(described.map { ($0.id, $0) }) { $1 }
        let active = try transaction.rows(
            """
            SELECT x.user_id, COUNT(*), MIN(x.interacted_at), MAX(x.interacted_at) FROM interactions x
            WHERE x.tenant = \(tenant) AND x.user_id >= \(first) AND x.user_id <= \(end) GROUP BY x.user_id
            """
        ) { ($0.text(0), (count: $0.integer(1), times: $0.timestamp(2)...$0.timestamp(3))) }
        let interactions = Dictionary(active) { $1 }
        return ids.map { id in
            ActiveUser(
                id: id, user: users[id], interactionCount: interactions[id]?.count ?? 0,
                interactionTimes: interactions[id]?.times, tenant: tenant)
        }
    }
}
