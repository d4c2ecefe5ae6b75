import Core

/// What is recommended.
public struct Recommendations: Sendable {
    /// An item and why it is here.
    public struct Entry: Sendable {
        /// The item.
        public let item: ItemKey
        /// What it is ranked by; the scores of one answer can be compared with each other alone.
        public let score: Float
        /// Why it is here.
        public let reason: Reason
    }

    /// Why an item is in an answer.
    public enum Reason: Sendable, Hashable {
        /// Users who did something with an item of the history did something with it too.
        case chosenTogether(with: ItemKey)
        /// It often follows an item of the history.
        case follows(ItemKey)
        /// Its attributes are like those of an item of the history.
        case alike(ItemKey)
        /// Users with a like history chose it.
        case tastes
        /// Much was done with it of late.
        case trending
        /// Much was done with it.
        case popular
        /// Users with the same value of an attribute chose it more than others did.
        case popularAmong(_ attribute: String, _ value: String)
        /// Little is known of it yet, and the query leaves room for such items.
        case explored
        /// It is there, and nothing else was left.
        case newest
    }

    /// The items, the best first.
    public internal(set) var entries: [Entry] = []
    /// By what they were ranked.
    public internal(set) var algorithm: RecommendationQuery.Algorithm
    /// Whether too little was known of whom they are for, so that popular items stand there.
    public internal(set) var isColdStart = false
    /// What ranked them.
    public internal(set) var model = "none"
    /// Whether it would be the same whatever is popular.
    public internal(set) var isOwn = false
    /// What names the answer; nil when no page can follow.
    public internal(set) var id: RecommendationID?
}

/// What an answer follows from, besides what is asked.
public struct RecommendationState: Sendable, Hashable {
    /// What all answers follow from.
    public let base: String
    /// What those follow from in which popular items stand.
    public let popular: String
}

extension Recommendations.Reason: CustomStringConvertible {
    /// For people.
    public var description: String {
        switch self {
        case .chosenTogether(let item): "Often chosen together with \(item.id)"
        case .follows(let item): "Often follows \(item.id)"
        case .alike(let item): "Similar to \(item.id)"
        case .tastes: "Chosen by users with similar histories"
        case .trending: "Trending now"
        case .popular: "Popular"
        case .popularAmong(let attribute, let value): "Popular with users whose \(attribute) is \(value)"
        case .explored: "New here"
        case .newest: "Recently added"
        }
    }
}
