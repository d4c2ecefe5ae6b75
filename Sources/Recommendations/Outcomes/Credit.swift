import ChangeLog
import Core
import Storage

/// What counts once.
struct Credit: Hashable, Sendable {
    let user: String
    let item: ItemKey
    /// The answer, as interactions name it.
    let recommendation: String
    let kind: String

    /// How many interactions are looked up by one statement.
    private static let chunk = 500

    /// What the table has that counts for the same as some interactions: what their users did with their items and
    /// named their answers with, and nothing else of it than that.
    static func counted(_ followed: [FollowedAnswer], in unit: UnitOfWork) throws -> Set<Credit> {
        let sorted = followed.sorted { $0.user < $1.user }
        var found: Set<Credit> = []
        for start in stride(from: 0, to: sorted.count, by: chunk) {
            let part = sorted[start..<min(start + chunk, sorted.count)]
            let credits = try unit.transaction.rows(query(of: part, tenant: unit.tenant), credits(row:))
            for some in credits { found.formUnion(some) }
        }
        return found
    }

    /// Looks into the index of what a user did with an item: a user may have done a lot with others.
    static func query(of followed: some Collection<FollowedAnswer>, tenant: Tenant) -> SQL {
        """
        SELECT DISTINCT x.user_id, x.entity_type, x.entity_id, x.recommendation_id, x.interaction_type
        FROM interactions x
        WHERE x.tenant = \(tenant) AND x.interacted_at >= \(followed.map(\.start).min() ?? .earliest)
            AND x.entity_type IN (\(list: Set(followed.map(\.item.type)).sorted()))
            AND x.entity_id IN (\(list: Set(followed.map(\.item.id)).sorted()))
            AND x.recommendation_id IN (\(list: Set(followed.map(\.text)).sorted()))
            AND x.user_id = \(each: Set(followed.map(\.user)).sorted())
        """
    }

    private static func credits(row: Row) throws -> [Credit] {
        guard let kind = InteractionKind(try JSONParser.parse(row.bytes(4))) else {
            throw Failure(.internal, code: "corrupt_row", "The type of an interaction cannot be read.")
        }
        return RecommendationOutcomes.kinds(ofType: kind.name).map {
            Credit(user: row.text(0), item: ItemKey(row.text(1), row.text(2)), recommendation: row.text(3), kind: $0)
        }
    }
}
