import Core
import Learning

/// The items of a tenant that most was done with, of a moment before.
///
/// It says why an item stands there by what it has beside the average of all items that may be recommended, those too
/// that nobody has chosen: an item is trending where a real part of all that was done with it is of late and that is
/// no less than the average; popular where all of it is no less than the average; and little known where it is half of
/// that at most.
///
/// Where nothing else is known, what was done of late and what was done at all are one: however long ago something was
/// done, it counts a twentieth of what it did then. So a little of late says little, and where nothing was done of
/// late it is what is popular.
struct PopularItems: Sendable {
    /// How many of each type are ranked.
    static let limit = 1_000
    /// Which part of what was done with an item is of late at least where it is trending.
    static let trendShare = 0.1
    /// What has less of late than this part of the first one is not told from what is popular.
    private static let leastTrend: Float = 0.001
    /// After which part of a half-life it is not true any more what is trending.
    private static let freshness = 0.05

    /// Tells one from those before it.
    let name: String
    private let version: UInt64
    private let moment: Timestamp
    private let popular: [String: [Candidate]]
    private let trending: [String: [Candidate]]
    private let inDemand: [String: [Candidate]]
    /// Of each type those with which least was done, the newest of them first.
    private let little: [String: [Int32]]
    /// The types, for who wants all of them.
    private static let allTypes = ""

    /// None.
    init() { self.init(Catalog(), ItemPopularity.Sums(recent: Trending(halfLife: 1)), at: .init(microseconds: 0)) }

    /// Ranks the items of a catalogue that may be recommended.
    init(_ catalog: Catalog, _ sums: ItemPopularity.Sums, at moment: Timestamp) {
        version = Self.version(catalog, sums)
        name = "\(version)@\(moment.microseconds)"
        self.moment = moment
        let slots = (0..<Int32(catalog.count)).filter { catalog[$0].isListed }
        let known = ItemDemand(slots, sums, at: moment)
        let little = Self.rank(slots.filter(known.isLittleKnown), catalog) { -known.weight(of: $0) }
            .mapValues { $0.map(\.slot) }
        let available = little.mapValues { $0.map { Candidate(slot: $0, score: 1, origin: .reason(.available)) } }
        func explained(_ entries: [(slot: Int32, score: Float)]) -> [Candidate] {
            entries.map { Candidate(slot: $0.slot, score: $0.score, origin: .reason(known.reason(of: $0.slot))) }
                .scaled
        }
        let chosen = slots.filter { known.weight(of: $0) > 0 }
        func ranked(by score: (Int32) -> Float) -> [String: [Candidate]] {
            Self.rank(chosen, catalog, by: score).mapValues(explained)
        }
        popular = available.merging(ranked(by: known.weight)) { $1.followed(by: $0) }
        inDemand = available.merging(ranked(by: known.demand)) { $1.followed(by: $0) }
        trending = popular.merging(ranked(by: known.trend)) { popular, trends in
            trends.filter { $0.score >= Self.leastTrend }.followed(by: popular)
        }
        self.little = little
    }

    private static func version(_ catalog: Catalog, _ sums: ItemPopularity.Sums) -> UInt64 {
        catalog.version &+ sums.version
    }

    /// Whether ranking anew would make no difference.
    func isCurrent(_ catalog: Catalog, _ sums: ItemPopularity.Sums, at moment: Timestamp) -> Bool {
        let rest = Double(moment.microseconds - self.moment.microseconds) / 1_000_000
        return version == Self.version(catalog, sums) && rest < Self.freshness * sums.recent.halfLife
    }

    /// The items of a type, or of all, for an algorithm, the best first, with scores from 1 to 0. Behind what was
    /// chosen stands what else there is.
    func candidates(_ type: String?, by algorithm: RecommendationQuery.Algorithm) -> [Candidate] {
        let all =
            switch algorithm {
            case .popular: popular
            case .trending: trending
            case .hybrid, .collaborative, .contentBased, .session: inDemand
            }
        return all[type ?? Self.allTypes] ?? []
    }

    /// Items of a type, or of all, of which little is known.
    func littleKnown(_ type: String?) -> [Int32] { little[type ?? Self.allTypes] ?? [] }

    private static func rank(
        _ slots: [Int32], _ catalog: Catalog, by score: (Int32) -> Float
    ) -> [String: [(slot: Int32, score: Float)]] {
        var best: [String: BestItems] = [:]
        for slot in slots {
            let score = score(slot)
            for type in [allTypes, catalog[slot].key.type] {
                // The newest of those that are alike come first: numbers ascend with time.
                best[type, default: BestItems(limit: limit)].add(.max - slot, score: score)
            }
        }
        return best.mapValues { $0.sorted().map { (.max - $0.item, $0.score) } }
    }
}

/// What was done with items beside the average of all of them.
private struct ItemDemand {
    /// What is left of what was done however long ago that was, where it counts beside what was done of late.
    private static let leastShare = 0.05

    private let sums: ItemPopularity.Sums
    private let average: Double
    private let averageTrend: Double
    /// What trends are multiplied by to be as of the moment.
    private let decay: Double
    private let highestTrend: Double

    init(_ slots: [Int32], _ sums: ItemPopularity.Sums, at moment: Timestamp) {
        self.sums = sums
        decay = sums.recent.decay(at: moment)
        let count = Double(max(1, slots.count))
        average = slots.reduce(0) { $0 + Double(Self.weight(of: $1, sums)) } / count
        averageTrend = slots.reduce(0) { $0 + sums.recent.relativeScore(of: $1) } / count
        highestTrend = slots.reduce(.leastNormalMagnitude) { max($0, sums.recent.relativeScore(of: $1)) }
    }

    private static func weight(of slot: Int32, _ sums: ItemPopularity.Sums) -> Float {
        Int(slot) < sums.weights.count ? sums.weights[Int(slot)] : 0
    }

    /// The weight of all that was done with an item.
    func weight(of slot: Int32) -> Float { Self.weight(of: slot, sums) }

    /// How much was done with it of late, from 0 to 1.
    func trend(of slot: Int32) -> Float { Float(sums.recent.relativeScore(of: slot) / highestTrend) }

    /// How much it is in demand, late or not.
    func demand(of slot: Int32) -> Float {
        Float(sums.recent.relativeScore(of: slot) * decay + Self.leastShare * Double(weight(of: slot)))
    }

    func isLittleKnown(_ slot: Int32) -> Bool { Double(weight(of: slot)) <= average / 2 }

    /// Why an item that somebody has chosen is recommended to anybody.
    func reason(of slot: Int32) -> Recommendations.Reason {
        let weight = Double(weight(of: slot))
        let recent = sums.recent.relativeScore(of: slot)
        if recent * decay >= PopularItems.trendShare * weight, recent >= averageTrend { return .trending }
        return weight >= average ? .popular : .chosen
    }
}
