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

    let types: InteractionTypes
    let outcomes: RecommendationOutcomes

    /// What counts already of what some interactions count for. It is asked before they are written.
    func counted(like interactions: [Interaction], in unit: UnitOfWork) throws -> Set<Credit> {
        try Credit.counted(Self.followed(interactions, in: unit), in: unit)
    }

    /// Counts interactions that were just written.
    ///
    /// - parameter counted: what counted before.
    func credit(_ interactions: [Interaction], besides counted: Set<Credit>, in unit: UnitOfWork) throws {
        try change(Self.followed(interactions, in: unit), by: 1, besides: counted, in: unit)
    }

    /// Takes back what was counted of interactions that were just deleted.
    func takeBack(_ interactions: [Interaction], in unit: UnitOfWork) throws {
        let followed = Self.followed(interactions, in: unit)
        try change(followed, by: -1, besides: Credit.counted(followed, in: unit), in: unit)
    }

    private func change(
        _ followed: [FollowedAnswer], by step: Int, besides counted: Set<Credit>, in unit: UnitOfWork
    ) throws {
        guard !followed.isEmpty else { return }
        let names = try names(of: Set(followed.map(\.type)), in: unit)
        var counted = counted
        var counts: [RecommendationOutcomes.Row: Int] = [:]
        for one in followed {
            for credit in one.credits where counted.insert(credit).inserted {
                let row = RecommendationOutcomes.Row(
                    unit.tenant, one.answer.time, one.answer.algorithm, one.answer.variant,
                    kind: names[credit.kind] ?? credit.kind)
                counts[row, default: 0] += step
            }
        }
        try outcomes.add(counts, in: unit.transaction)
    }

    /// Under what types of interactions are counted, where not under their own names. Clients make them up, and each is
    /// rows that are kept, so all are one that are not built in and that the tenant has said nothing of.
    private func names(of used: Set<String>, in unit: UnitOfWork) throws -> [String: String] {
        let unknown = used.subtracting(RecommendationOutcomes.builtInTypes)
        guard !unknown.isEmpty else { return [:] }
        let known = try types.weights(of: unit.tenant, in: unit.transaction)
        return Dictionary(
            uniqueKeysWithValues: unknown.filter { known[$0] == nil }.map { ($0, RecommendationOutcomes.otherType) })
    }

    /// The interactions that followed from answers whose days are kept.
    private static func followed(_ interactions: [Interaction], in unit: UnitOfWork) -> [FollowedAnswer] {
        let firstDay = unit.now.day - RecommendationOutcomes.keptDays
        return interactions.compactMap { interaction in
            guard let text = interaction.recommendation, let answer = RecommendationID(text, of: interaction.tenant),
                answer.time.day >= firstDay, answer.contains(interaction.item)
            else { return nil }
            let start = answer.time.advanced(bySeconds: -clockTolerance)
            guard interaction.time >= start else { return nil }
            return FollowedAnswer(
                user: interaction.user, item: interaction.item, type: interaction.kind.name, answer: answer,
                text: text, start: start)
        }
    }
}
