import Foundation

/// What is known of an item, as numbers by the names of its features: a category, a word of a text, a range of a
/// number.
public struct ItemFeature: Sendable, Hashable {
    /// Which feature it is: a hash of its name.
    public let term: UInt64
    /// How much of it the item has; greater than 0.
    public let weight: Float

    /// A feature of an item.
    public init(_ term: UInt64, _ weight: Float) { (self.term, self.weight) = (term, weight) }
}

/// Which items are alike by what is known of them.
///
/// An item is a vector of its features, each weighted by how few items have it (inverse document frequency,
/// ln((N + 1) / (df + 0.5)), after Spärck Jones 1972), of length 1. The profile of a history is the sum of its items'
/// vectors; how like an item is to it is the cosine.
///
/// A profile looks at the items of its rarest and weightiest features first, at ``visitLimit`` places at most, so the
/// answer costs as much among a hundred thousand items as among a thousand; the best of those are then compared in
/// full.
public struct ContentModel: Sendable {
    /// How many places of features a profile looks at.
    public static let visitLimit = 8_000
    /// How many features of a profile count.
    private static let profileLimit = 64
    /// How many of those that were found are compared in full.
    private static let comparedLimit = 400

    /// Where the features of each item begin in ``terms``, and at the end how long that is.
    private var rowStarts: [Int32] = [0]
    private var terms: [Int32] = []
    private var weights: [Float] = []
    /// Where the items of each feature begin in ``postings``.
    private var termStarts: [Int32] = [0]
    private var postings: [Int32] = []
    private var postingWeights: [Float] = []
    private var numbers: [UInt64: Int32] = [:]
    private var frequencies: [Float] = []

    /// A model of items.
    ///
    /// - parameter items: the features of each item by its number; none of what is not there.
    public init(_ items: [[ItemFeature]]) {
        var counts: [UInt64: Int32] = [:]
        for features in items {
            for feature in features { counts[feature.term, default: 0] += 1 }
        }
        let itemCount = Float(items.count { !$0.isEmpty })
        // What one item alone has makes it like no other; what nearly all have says nothing.
        for (term, count) in counts where count > 1 && Float(count) < itemCount * 0.8 {
            numbers[term] = Int32(frequencies.count)
            frequencies.append(Self.inverseFrequency(Float(count), of: itemCount))
        }
        var sizes = [Int32](repeating: 0, count: frequencies.count)
        for features in items {
            for entry in vector(of: features) {
                terms.append(entry.term)
                weights.append(entry.weight)
                sizes[Int(entry.term)] += 1
            }
            rowStarts.append(Int32(terms.count))
        }
        for size in sizes { termStarts.append((termStarts.last ?? 0) + size) }
        fillPostings(sizes)
    }

    private mutating func fillPostings(_ sizes: [Int32]) {
        postings = Array(repeating: 0, count: terms.count)
        postingWeights = Array(repeating: 0, count: terms.count)
        var ends = termStarts
        for item in 0..<itemCount {
            for index in range(of: Int32(item)) {
                let term = Int(terms[index])
                postings[Int(ends[term])] = Int32(item)
                postingWeights[Int(ends[term])] = weights[index]
                ends[term] += 1
            }
        }
    }

    private static func inverseFrequency(_ count: Float, of itemCount: Float) -> Float {
        log((itemCount + 1) / (count + 0.5))
    }

    /// How many items it has, those without features too.
    public var itemCount: Int { rowStarts.count - 1 }

    /// How many bytes it takes.
    public var byteCount: Int {
        (rowStarts.count + terms.count + weights.count + termStarts.count + 2 * postings.count) * 4
            + numbers.count * 24 + frequencies.count * 4
    }

    private func range(of item: Int32) -> Range<Int> { Int(rowStarts[Int(item)])..<Int(rowStarts[Int(item) + 1]) }

    /// The vector of some features, of length 1; empty where none of them is shared with another item.
    private func vector(of features: [ItemFeature]) -> [(term: Int32, weight: Float)] {
        var vector: [(term: Int32, weight: Float)] = []
        var square: Float = 0
        for feature in features {
            guard let number = numbers[feature.term] else { continue }
            let weight = feature.weight * frequencies[Int(number)]
            vector.append((number, weight))
            square += weight * weight
        }
        guard square > 0 else { return [] }
        let length = square.squareRoot()
        return vector.map { ($0.term, $0.weight / length) }
    }

    /// What items of a history have in common, to find others like them.
    public struct Profile: Sendable {
        /// The features that count most, those first.
        fileprivate let terms: [(term: Int32, weight: Float)]
        fileprivate let byTerm: [Int32: Float]

        /// Whether nothing is known of the items.
        public var isEmpty: Bool { terms.isEmpty }
    }

    /// The profile of a history.
    ///
    /// - parameter others: the features of items that the model does not have, and how much each counts.
    public func profile(
        of history: some Sequence<HistoryEntry>, and others: [(features: [ItemFeature], weight: Float)] = []
    ) -> Profile {
        var sums: [Int32: Float] = [:]
        for entry in history where entry.item < itemCount {
            for index in range(of: entry.item) { sums[terms[index], default: 0] += weights[index] * entry.weight }
        }
        for other in others {
            for (term, weight) in vector(of: other.features) { sums[term, default: 0] += weight * other.weight }
        }
        let length = sums.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return Profile(terms: [], byTerm: [:]) }
        let kept = sums.map { (term: $0.key, weight: $0.value / length) }
            .sorted { ($0.weight, $1.term) > ($1.weight, $0.term) }.prefix(Self.profileLimit)
        return Profile(
            terms: Array(kept), byTerm: Dictionary(kept.map { ($0.term, $0.weight) }, uniquingKeysWith: { $1 }))
    }

    /// How like an item of the model is to a profile, from 0 to 1.
    public func similarity(of item: Int32, to profile: Profile) -> Float {
        guard item < itemCount else { return 0 }
        return range(of: item).reduce(0) { $0 + weights[$1] * (profile.byTerm[terms[$1]] ?? 0) }
    }

    /// How like an item of some features is to a profile, from 0 to 1.
    public func similarity(of features: [ItemFeature], to profile: Profile) -> Float {
        vector(of: features).reduce(0) { $0 + $1.weight * (profile.byTerm[$1.term] ?? 0) }
    }

    /// Adds up how like items are to a profile, as far as they are looked at. It finds who is among the best; who is
    /// told apart by a feature that many have may miss that one. Items that the sums have no place for are passed over.
    ///
    /// - parameter visitLimit: at how many places of features it looks.
    func addLikeness(to profile: Profile, visitLimit: Int, sums: inout ScoreAccumulator) {
        var left = visitLimit
        for (term, weight) in profile.terms {
            let places = Int(termStarts[Int(term)])..<Int(termStarts[Int(term) + 1])
            // One of the weightiest features is looked at in any case, as far as that goes.
            guard places.count <= left || sums.touched.isEmpty else { continue }
            // From all of it, not from its beginning alone.
            let step = max(1, (places.count + left - 1) / max(left, 1))
            for place in stride(from: places.lowerBound, to: places.upperBound, by: step) {
                guard postings[place] < sums.itemCount else { break }
                sums.add(weight * postingWeights[place], to: postings[place])
            }
            left -= min(left, places.count)
        }
    }

    /// The items that are most like a profile, the most alike first.
    ///
    /// - parameters:
    ///   - sums: for it to use; it is empty before and afterwards.
    ///   - isAllowed: whether an item may be among them. It is asked for those alone that would be.
    public func best(
        _ profile: Profile, limit: Int, using sums: inout ScoreAccumulator,
        isAllowed: (Int32) -> Bool = { _ in true }
    ) -> [(item: Int32, score: Float)] {
        addLikeness(to: profile, visitLimit: Self.visitLimit, sums: &sums)
        var found = BestItems(limit: max(limit, Self.comparedLimit))
        for item in sums.touched where found.wouldTake(item, score: sums[item]) && isAllowed(item) {
            found.add(item, score: sums[item])
        }
        sums.clear()
        var best = BestItems(limit: limit)
        for (item, _) in found.sorted() {
            let similarity = similarity(of: item, to: profile)
            if similarity > 0 { best.add(item, score: similarity) }
        }
        return best.sorted()
    }
}
