import Core
public import Expressions

/// What somebody wants to be recommended.
public struct RecommendationQuery: Sendable {
    /// How many items one answer has at most.
    public static let countLimit = 100
    /// How many boosters one query has at most.
    public static let boosterLimit = 10
    /// What a booster may multiply scores by.
    public static let boosterFactors = 0.0...100.0

    /// For whom, or beside what.
    public enum Subject: Sendable, Hashable {
        /// A user, by what they did.
        case user(String)
        /// Somebody of whom nothing is known but these items, the latest last.
        case items([ItemKey])
        /// What is like an item, or goes with it.
        case item(ItemKey)
        /// What often goes with all of these items, such as those of a basket.
        case bundle([ItemKey])
        /// Everybody.
        case everybody

        /// Whether it is known when what it rests on was done.
        var hasTimes: Bool { if case .user = self { true } else { false } }
    }

    /// By what items are ranked.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// All that follows, by weights that were learnt.
        case hybrid
        /// What users with like histories did.
        case collaborative
        /// Items whose attributes are alike.
        case contentBased = "content_based"
        /// What often follows the latest items of a history.
        case session
        /// What most was done with.
        case popular
        /// What most was done with of late.
        case trending
    }

    /// What makes some items better than they would be.
    public struct Booster: Sendable {
        /// Which items.
        public let filter: Condition
        /// What their scores are multiplied by, of ``boosterFactors``.
        public let factor: Double

        /// A booster of items that a condition holds of.
        public init(_ filter: Condition, factor: Double) { (self.filter, self.factor) = (filter, factor) }
    }

    /// That items which are nearly as good as each other take turns.
    public struct Rotation: Sendable {
        /// By what part of its score an item may fall back, from 0 to 1.
        public let rate: Double
        /// How long an order stays, in seconds.
        public let period: Int64

        /// A rotation.
        public init(rate: Double, period: Int64) { (self.rate, self.period) = (rate, period) }
    }

    /// For whom.
    public var subject: Subject
    /// By what.
    public var algorithm = Algorithm.hybrid
    /// How much the parts of the hybrid count for this answer, by the names of algorithms; nil is as was learnt.
    public var weights: [Algorithm: Double]?
    /// How many items, up to ``countLimit``.
    public var count = 10
    /// Only items of this type; nil is of any.
    public var type: String?
    /// Items that are not wanted.
    public var excluded: Set<ItemKey> = []
    /// Whether what the user knows already may come again.
    public var includesSeen = false
    /// Only items that belong to one of these categories; none is of any.
    public var categories: Set<String> = []
    /// What holds of the attributes of all items; nil is anything.
    public var filter: Condition?
    /// What makes some items better.
    public var boosters: [Booster] = []
    /// How much more it counts that items differ from each other than that they fit, from 0 to 1.
    public var diversity = 0.0
    /// Whether items take turns.
    public var rotation: Rotation?
    /// Which part of the answer is for items of which little is known yet, from 0 to 1.
    public var exploration = 0.0
    /// The answer whose next page it is.
    public var previous: RecommendationID?
    /// What the client calls this variant of an experiment.
    public var variant = ""

    /// A query for somebody.
    public init(_ subject: Subject) { self.subject = subject }

    /// Whether items come in the order in which the algorithm found them.
    var keepsOrder: Bool { boosters.isEmpty && rotation == nil && diversity == 0 }
}
