public import ChangeLog
public import Core
import Storage

extension RecommendationUsers {
    /// How many interactions one merge moves at most.
    public static let mergeLimit = 10_000

    /// Makes what one user did another's: somebody who was not logged in is known now. Done again it does what is left
    /// to do, which may be nothing.
    ///
    /// What is written of the one becomes the other's unless something is written of them too. An interaction that
    /// both have is one.
    ///
    /// - returns: how many interactions there were, up to ``mergeLimit``, and whether those were all.
    public func merge(_ from: String, into user: String, in unit: UnitOfWork) throws -> UserMerge {
        let known = try find(from, of: unit.tenant, in: unit.transaction)
        if let known {
            if try find(user, of: unit.tenant, in: unit.transaction) == nil {
                _ = try put(user, attributes: known.attributes, in: unit)
            }
            try unit.recordDelete(
                RecommendationUser.entityType, RecommendationUser.entity(of: from), before: JSONWriter.bytes(of: known))
            try unit.transaction.execute(
                "DELETE FROM recommendation_users WHERE tenant = \(unit.tenant) AND user_id = \(from)")
        }
        let (count, isComplete) = try move(from, to: user, in: unit)
        if count > 0 { try ShopMerges.note(from, into: user, in: unit) }
        let merge = UserMerge(user: user, from: from, interactionCount: count, isComplete: isComplete)
        if count > 0 || known != nil {
            try unit.recordInsert(UserMerge.entityType, unit.makeIdentifier(), after: JSONWriter.bytes(of: merge))
        }
        return merge
    }

    /// Moves the oldest interactions.
    private func move(_ from: String, to user: String, in unit: UnitOfWork) throws -> (count: Int, isComplete: Bool) {
        var rows: SQL = "FROM interactions WHERE tenant = \(unit.tenant) AND user_id = \(from)"
        let end = try unit.transaction.first(
            "SELECT interacted_at, id " + rows + " ORDER BY interacted_at, id LIMIT 1 OFFSET \(Self.mergeLimit)"
        ) { ($0.timestamp(0), try $0.identifier(1)) }
        if let end { rows += " AND (interacted_at, id) < (\(end.0), \(end.1))" }
        try unit.transaction.execute(
            """
            INSERT INTO interactions (tenant, user_id, interacted_at, id, entity_type, entity_id, interaction_type, \
            weight, metadata, recommendation_id)
            SELECT tenant, CAST(\(user) AS TEXT), interacted_at, id, entity_type, entity_id, interaction_type, weight, \
            metadata, recommendation_id
            """ + " " + rows + " ON CONFLICT DO NOTHING")
        return (try unit.transaction.execute("DELETE " + rows), end == nil)
    }
}
