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
        /// What the item is called that the reason names; nil where it has no name, or the reason names none.
        public let causeName: String?

        /// Why it is here, for people.
        public var text: String { reason.text(calling: causeName) }
    }

    /// Why an item is in an answer.
    public enum Reason: Sendable, Hashable {
        /// Users did something with it who did something with an item of the history.
        case chosenTogether(with: ItemKey)
        /// Users did something with it shortly before or after an item of the history.
        case chosenAround(ItemKey)
        /// Its attributes are like those of an item of the history.
        case alike(ItemKey)
        /// It fits the history as a whole.
        case tastes
        /// A real part of all that was done with it is of late, and that is more than with others.
        case trending
        /// More was done with it than with others.
        case popular
        /// Something was done with it.
        case chosen
        /// Users with the same value of an attribute chose it more than others did.
        case popularAmong(_ attribute: String, _ value: String)
        /// Little is known of it yet, and the query leaves room for such items.
        case explored
        /// It is there, and nothing else was left.
        case available
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
    /// The item that it names.
    public var cause: ItemKey? {
        switch self {
        case .chosenTogether(let item), .chosenAround(let item), .alike(let item): item
        case .tastes, .trending, .popular, .chosen, .popularAmong, .explored, .available: nil
        }
    }

    /// For people.
    ///
    /// - parameter name: what the item is called that it names; by default its id.
    public func text(calling name: String? = nil) -> String {
        switch self {
        case .chosenTogether(let item): "Chosen together with \(name ?? item.id)"
        case .chosenAround(let item): "Chosen shortly before or after \(name ?? item.id)"
        case .alike(let item): "Similar to \(name ?? item.id)"
        case .tastes: "Fits what was chosen before"
        case .trending: "Trending now"
        case .popular: "Popular"
        case .chosen: "Chosen by others"
        case .popularAmong(let attribute, let value): "Popular with users whose \(attribute) is \(value)"
        case .explored: "Little known yet"
        case .available: "Also available"
        }
    }

    public var description: String { text() }
}
