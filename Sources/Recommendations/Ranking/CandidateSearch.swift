import Core
import Learning

/// Finds the candidates of a query by the algorithm that it asks for.
struct CandidateSearch {
    private let snapshot: TenantIndex.Snapshot
    private let query: RecommendationQuery
    private let history: [HistoryEntry]
    /// To which segments somebody belongs of whom nothing else is known.
    private let segments: [Int32]
    /// When it is asked, if that says whether a user comes back.
    private let moment: Timestamp?

    /// How many candidates are found at least where something may change their order.
    private static let leastCount = 150
    /// How many candidates segments give.
    private static let segmentLimit = 500

    init(
        _ snapshot: TenantIndex.Snapshot, _ query: RecommendationQuery, _ history: UserHistory, at moment: Timestamp?
    ) {
        self.snapshot = snapshot
        self.query = query
        self.history = history.entries.suffix(UserHistory.entryLimit).map(\.historyEntry)
        segments = history.entries.isEmpty ? history.segments : []
        self.moment = moment
    }

    /// How many candidates are enough, all of them wanted.
    private var limit: Int { query.keepsOrder ? query.count : max(Self.leastCount, query.count * 5) }

    /// The candidates, the best first.
    ///
    /// - parameter isWanted: whether an item may stand in the answer.
    /// - throws: ``Failure`` `entity_not_found` when it is asked what is like an item that is not there.
    func candidates(_ isWanted: (Int32) -> Bool) throws -> [Candidate] {
        switch (query.subject, query.algorithm) {
        case (.everybody, _), (_, .popular), (_, .trending): return []
        case (.item(let key), _): return try related(to: key)
        case (.bundle, _): return together()
        case _ where !segments.isEmpty: return snapshot.model.segments.candidates(segments, limit: Self.segmentLimit)
        case (_, .contentBased): return alike
        case (_, let algorithm): return ranked(by: algorithm, isWanted)
        }
    }

    /// What was learnt of histories like this one.
    private func ranked(by algorithm: RecommendationQuery.Algorithm, _ isWanted: (Int32) -> Bool) -> [Candidate] {
        guard !history.isEmpty else { return [] }
        guard let hybrid = snapshot.model.hybrid else { return alike }
        return hybrid.rank(
            history, limit: limit, at: moment, by: algorithm == .session ? .transitions : nil,
            multipliers: multipliers(of: algorithm), content: snapshot.model.content, isAllowed: isWanted
        )
        .filter { item in item.contributions.contains { !$0.algorithm.isPopularity } }
        .map { Candidate(slot: $0.item, score: $0.score, origin: .ranking($0)) }
    }

    private func multipliers(of algorithm: RecommendationQuery.Algorithm) -> [Algorithm: Float] {
        if algorithm == .collaborative { return [.transitions: 0, .popular: 0, .trending: 0, .content: 0] }
        guard algorithm == .hybrid, let weights = query.weights else { return [:] }
        func weight(_ part: RecommendationQuery.Algorithm) -> Float { Float(weights[part] ?? 0) }
        return [
            .als: weight(.collaborative), .ease: weight(.collaborative), .transitions: weight(.session),
            .popular: weight(.popular), .trending: weight(.popular), .content: weight(.contentBased),
        ]
    }

    /// What goes with an item, and what is like it.
    private func related(to key: ItemKey) throws -> [Candidate] {
        guard let slot = snapshot.catalog.slot(of: key), snapshot.catalog[slot].attributes != nil else {
            throw Items.notFound(key)
        }
        let origin = CandidateSearch(snapshot, query, [HistoryEntry(item: slot)])
        switch query.algorithm {
        case .contentBased: return origin.alike
        case .collaborative, .session: return origin.together()
        default:
            var both = origin.alike.scaled
            let places = Dictionary(both.enumerated().map { ($1.slot, $0) }) { first, _ in first }
            for candidate in origin.together().scaled {
                if let place = places[candidate.slot] {
                    both[place].score += candidate.score
                } else {
                    both.append(candidate)
                }
            }
            return both.ranked
        }
    }

    private init(_ snapshot: TenantIndex.Snapshot, _ query: RecommendationQuery, _ history: [HistoryEntry]) {
        (self.snapshot, self.query, self.history, segments, moment) = (snapshot, query, history, [], nil)
    }

    /// What users did something with who did something with all of the history.
    private func together() -> [Candidate] {
        guard let hybrid = snapshot.model.hybrid else { return alike }
        let known = Set(history.map(\.item))
        var sums: [Int32: (score: Float, cause: Int32, strongest: Float)] = [:]
        for entry in history {
            for (item, weight) in hybrid.neighbors(of: entry.item, by: .itemNeighbors) where !known.contains(item) {
                var sum = sums[item] ?? (0, entry.item, 0)
                sum.score += weight
                if weight > sum.strongest { (sum.cause, sum.strongest) = (entry.item, weight) }
                sums[item] = sum
            }
        }
        return sums.map { item, sum in
            Candidate(
                slot: item, score: sum.score, origin: .reason(.chosenTogether(with: snapshot.catalog[sum.cause].key)))
        }.ranked
    }

    /// What has attributes like those of the history, whose latest items count most.
    private var alike: [Candidate] {
        let content = snapshot.model.content
        let latest = history.reversed().enumerated().map { place, entry in
            HistoryEntry(item: entry.item, weight: 1 / Float(place + 1))
        }
        let known = Set(latest.map(\.item))
        var sums = ScoreAccumulator(itemCount: content.itemCount)
        return content.best(content.profile(of: latest), limit: Self.leastCount + query.count * 2, using: &sums)
            .filter { !known.contains($0.item) }
            .map { Candidate(slot: $0.item, score: $0.score, origin: .likeness) }
    }

    /// Why an item is a candidate.
    func reason(of candidate: Candidate) -> Recommendations.Reason {
        switch candidate.origin {
        case .reason(let reason): return reason
        case .likeness: return likeness(of: candidate.slot)
        case .ranking(let item):
            guard let hybrid = snapshot.model.hybrid else { return .tastes }
            let first = item.contributions.first { !$0.algorithm.isPopularity }
            guard first?.algorithm != .content else { return likeness(of: candidate.slot) }
            return Causes(hybrid, history).reason(of: item, in: snapshot.catalog)
        }
    }

    /// Among how many of the latest items the one is looked for that another is most like.
    private static let causeLimit = 5

    private func likeness(of item: Int32) -> Recommendations.Reason {
        let content = snapshot.model.content
        var origins = history.suffix(Self.causeLimit).reversed().map(\.item)
        if case .item(let key) = query.subject { origins = [snapshot.catalog.slot(of: key)].compactMap(\.self) }
        let cause = origins.max { left, right in
            let profiles = [left, right].map { content.profile(of: [HistoryEntry(item: $0)]) }
            return content.similarity(of: item, to: profiles[0]) < content.similarity(of: item, to: profiles[1])
        }
        return cause.map { .alike(snapshot.catalog[$0].key) } ?? .tastes
    }
}

/// Which item of a history led to what.
private struct Causes {
    private let hybrid: HybridModel
    private let history: [HistoryEntry]

    /// Among how many of the latest items it is looked for.
    private static let limit = 10

    init(_ hybrid: HybridModel, _ history: [HistoryEntry]) {
        self.hybrid = hybrid
        self.history = history.suffix(Self.limit).reversed()
    }

    /// Why an item was found: by what contributed most to its score.
    func reason(of item: RankedItem, in catalog: Catalog) -> Recommendations.Reason {
        for contribution in item.contributions where !contribution.algorithm.isPopularity {
            guard let cause = cause(of: item.item, by: contribution.algorithm) else { continue }
            let key = catalog[cause].key
            return contribution.algorithm == .transitions ? .follows(key) : .chosenTogether(with: key)
        }
        return .tastes
    }

    /// The item of the history of which another is the strongest neighbour, of two the later one.
    private func cause(of item: Int32, by algorithm: Algorithm) -> Int32? {
        var best: (item: Int32, weight: Float)?
        for (place, entry) in history.enumerated() {
            guard let strength = hybrid.strength(of: item, after: entry.item, by: algorithm) else { continue }
            let weight = strength / Float(place + 1)
            guard weight > best?.weight ?? 0 else { continue }
            best = (entry.item, weight)
        }
        return best?.item
    }
}

extension Algorithm {
    /// Whether it says the same of everybody.
    fileprivate var isPopularity: Bool { self == .popular || self == .trending }
}

extension [Candidate] {
    /// With 1 as the score of the best.
    fileprivate var scaled: [Candidate] {
        guard let highest = map(\.score).max(), highest > 0 else { return self }
        return map { Candidate(slot: $0.slot, score: $0.score / highest, origin: $0.origin) }
    }
}
