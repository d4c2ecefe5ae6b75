public import Search

/// What is looked for among the points of a collection.
public struct PointQuery: Sendable {
    /// A vector, or a point that has it.
    public enum Example: Sendable {
        /// A vector as the client sent it.
        case vector([Float])
        /// The vector of a point, which is not found itself.
        case point(PointKey)
    }

    /// How likeness to several examples is measured, as Qdrant does.
    public enum Strategy: String, Sendable, CaseIterable {
        /// By one vector between them: twice the mean of those wanted, less the mean of those not wanted.
        case averageVector = "average_vector"
        /// By the nearest of them.
        case bestScore = "best_score"
        /// By the sum of the likenesses.
        case sumScores = "sum_scores"
    }

    /// Where an order begins.
    public struct Order: Sendable {
        /// The field.
        public let path: String
        /// Whether the greatest comes first.
        public let isDescending: Bool
        /// The first value that is wanted.
        public let start: PayloadOrderValue?

        /// The order of a field.
        public init(path: String, isDescending: Bool = false, start: PayloadOrderValue? = nil) {
            self.path = path
            self.isDescending = isDescending
            self.start = start
        }
    }

    /// How lists of points become one.
    public enum Fusion: Sendable {
        /// By the sum of the inverses of their ranks, to which a constant is added.
        case reciprocalRank(constant: Double, weights: [Double]?)
        /// By the sum of their scores, of which each list's are brought to the same mean and spread.
        case distribution
    }

    /// By what points are ranked.
    public enum Kind: Sendable {
        /// By their ids.
        case all
        /// By nearness to an example.
        case nearest(Example)
        /// By nearness to some examples and distance from others.
        case recommend(positive: [Example], negative: [Example], Strategy)
        /// By the words that texts of indexed fields have, the rarer the better.
        case words(String, in: [String])
        /// By their ranks in what was fetched before.
        case fused(Fusion)
        /// By the values of a field.
        case ordered(Order)
        /// By chance.
        case random

        var isFusion: Bool { if case .fused = self { true } else { false } }
    }

    /// How many points are found unless it is said otherwise.
    public static let limitDefault = 10
    /// How many points may be found, with those that are passed over.
    public static let limitBound = 10_000
    /// How deeply queries may stand within each other.
    public static let depthLimit = 8
    /// How many queries a query may be made of, itself counted.
    public static let countLimit = 256

    /// By what points are ranked.
    public var kind: Kind
    /// Queries whose results this one ranks anew; none stands for all points.
    public var prefetch: [PointQuery] = []
    /// Under what name the vectors stand that are compared.
    public var vectorName = ""
    /// Which points are wanted.
    public var filter: PayloadFilter?
    /// How many are wanted.
    public var limit = Self.limitDefault
    /// How many of the best are passed over.
    public var offset = 0
    /// The worst score that is wanted is better than this one.
    public var scoreThreshold: Float?
    /// How wide the search in the graph is (ef); nil leaves it to the index.
    public var ef: Int?
    /// Whether every vector is compared, however many there are.
    public var isExact = false

    /// Where it stands in the body of the request, for failures: a JSON pointer.
    public var origin = ""
    /// Where what it ranks by stands in the body of the request, for failures: a JSON pointer.
    public var operand = "/query"

    /// A query.
    public init(_ kind: Kind) { self.kind = kind }

    /// How many queries it is made of, itself counted.
    public var count: Int { prefetch.reduce(1) { $0 + $1.count } }
}

/// A point that was found.
public struct PointHit: Sendable {
    /// Which.
    public let key: PointKey
    /// How well it fits; by what measure depends on the query.
    public let score: Float
    /// The value that it was ordered by, where it was.
    public let orderValue: PayloadOrderValue?
}
