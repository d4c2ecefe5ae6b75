import Core
import Learning

/// The items of a tenant that most was done with, of a moment before.
struct PopularItems: Sendable {
    /// An item and what it is ranked by.
    struct Ranked: Sendable {
        let slot: Int32
        /// From 0 to 1, the best of all types.
        let score: Float
    }

    /// How many of each type are ranked.
    static let limit = 1_000

    /// Tells one from those before it.
    let version: UInt64
    private let popular: [String: [Ranked]]
    private let trending: [String: [Ranked]]
    /// Of each type those with which least was done, the newest of them first.
    private let little: [String: [Ranked]]
    /// The types, for who wants all of them.
    private static let allTypes = ""

    /// None.
    init() { (version, popular, trending, little) = (0, [:], [:], [:]) }

    /// Ranks the items of a catalogue that may be recommended.
    init(_ catalog: Catalog, _ sums: ItemPopularity.Sums, at moment: Timestamp, version: UInt64) {
        self.version = version
        let slots = (0..<Int32(catalog.count)).filter { catalog[$0].isListed }
        popular = Self.rank(slots, catalog) { Int($0) < sums.weights.count ? sums.weights[Int($0)] : 0 }
        little = Self.rank(slots, catalog) { Int($0) < sums.weights.count ? -sums.weights[Int($0)] : 0 }
        trending = Self.rank(slots, catalog) { Float(sums.recent.score(of: $0, at: moment)) }
    }

    /// The items of a type, or of all, the best first.
    func ranked(_ type: String?, byTrend isTrend: Bool) -> [Ranked] {
        (isTrend ? trending : popular)[type ?? Self.allTypes] ?? []
    }

    /// Items of a type, or of all, of which little is known.
    func littleKnown(_ type: String?) -> [Int32] { (little[type ?? Self.allTypes] ?? []).map(\.slot) }

    private static func rank(
        _ slots: [Int32], _ catalog: Catalog, by score: (Int32) -> Float
    ) -> [String: [Ranked]] {
        var best: [String: BestItems] = [:]
        for slot in slots {
            let score = score(slot)
            for type in [allTypes, catalog[slot].key.type] {
                // The newest of those that are alike come first: numbers ascend with time.
                best[type, default: BestItems(limit: limit)].add(.max - slot, score: score)
            }
        }
        let ranked = best.mapValues { $0.sorted() }
        let highest = max(ranked[allTypes]?.first?.score ?? 0, .leastNormalMagnitude)
        return ranked.mapValues { entries in
            entries.map { Ranked(slot: .max - $0.item, score: $0.score / highest) }
        }
    }
}
