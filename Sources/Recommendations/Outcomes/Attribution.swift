import ChangeLog
import Core
import Storage

/// Credits interactions to the answers that they name.
///
/// What a user does with an item of an answer counts once for each type of interaction, once as a click and once as a
/// conversion, however often it is done, and for as long as it is not taken back. It counts for the day of the answer.
struct Attribution: Sendable {
    /// How long before an order a user did something with a product for its purchase to be credited to the answer that
    /// this named, in seconds.
    static let orderWindow: Int64 = 7 * 86_400
    /// By how much the clock of a client may be behind: what was done earlier did not follow from the answer.
    private static let clockTolerance: Int64 = 3_600
    /// How many users are looked up by one statement.
    private static let chunk = 500

    let outcomes: RecommendationOutcomes

    /// Counts interactions that were just written.
    func credit(_ interactions: [Interaction], in unit: UnitOfWork) throws {
        try change(interactions, by: 1, in: unit)
    }

    /// Takes back what was counted of interactions that were just deleted.
    func takeBack(_ interactions: [Interaction], in unit: UnitOfWork) throws {
        try change(interactions, by: -1, in: unit)
    }

    /// Counts what no other interaction that is there is counted for.
    private func change(_ interactions: [Interaction], by step: Int, in unit: UnitOfWork) throws {
        let followed = interactions.compactMap { interaction in
            Self.answer(of: interaction).map { (interaction: interaction, answer: $0) }
        }
        guard let start = followed.map({ Self.start(of: $0.answer) }).min() else { return }
        var counted = try credits(
            of: Set(followed.map(\.interaction.user)).sorted(), from: start,
            without: Set(followed.map(\.interaction.id)), in: unit)
        var counts: [RecommendationOutcomes.Row: Int] = [:]
        for (interaction, answer) in followed {
            for credit in Credit.all(of: interaction) where counted.insert(credit).inserted {
                let row = RecommendationOutcomes.Row(
                    unit.tenant, answer.time, answer.algorithm, answer.variant, kind: credit.kind)
                counts[row, default: 0] += step
            }
        }
        try outcomes.add(counts, in: unit.transaction)
    }

    /// The answer that an interaction followed from.
    private static func answer(of interaction: Interaction) -> RecommendationID? {
        guard let text = interaction.recommendation, let answer = RecommendationID(text, of: interaction.tenant),
            answer.contains(interaction.item), interaction.time >= start(of: answer)
        else { return nil }
        return answer
    }

    /// When something that follows from an answer is done at the earliest.
    private static func start(of answer: RecommendationID) -> Timestamp {
        answer.time.advanced(bySeconds: -clockTolerance)
    }

    /// What is counted of the interactions of some users from a moment on.
    private func credits(
        of users: [String], from start: Timestamp, without ids: Set<Identifier>, in unit: UnitOfWork
    ) throws -> Set<Credit> {
        var found: Set<Credit> = []
        for first in stride(from: 0, to: users.count, by: Self.chunk) {
            let chunk = users[first..<min(first + Self.chunk, users.count)]
            let interactions = try unit.transaction.rows(
                """
                SELECT \(Interactions.columns) FROM interactions x
                WHERE x.tenant = \(unit.tenant) AND x.interacted_at >= \(start) AND x.recommendation_id IS NOT NULL
                    AND x.user_id = \(each: chunk)
                """, Interaction.init(row:))
            for interaction in interactions where !ids.contains(interaction.id) {
                found.formUnion(Credit.all(of: interaction))
            }
        }
        return found
    }
}

/// What counts once.
private struct Credit: Hashable {
    let user: String
    let item: ItemKey
    let recommendation: String?
    let kind: String

    /// What an interaction counts for.
    static func all(of interaction: Interaction) -> [Credit] {
        RecommendationOutcomes.kinds(ofType: interaction.kind.name).map {
            Credit(
                user: interaction.user, item: interaction.item, recommendation: interaction.recommendation, kind: $0)
        }
    }
}
