import Core

/// That a user did something with an item of an answer, and said so.
struct FollowedAnswer: Sendable {
    let user: String
    let item: ItemKey
    /// The name of what was done.
    let type: String
    let answer: RecommendationID
    /// The answer as interactions name it.
    let text: String
    /// When something that follows from the answer is done at the earliest.
    let start: Timestamp

    /// What it counts for.
    var credits: [Credit] {
        RecommendationOutcomes.kinds(ofType: type).map {
            Credit(user: user, item: item, recommendation: text, kind: $0)
        }
    }
}
