import Core
import Learning

/// Finds the candidates of a query by the algorithm that it asks for.
struct CandidateSearch {
    private let snapshot: TenantIndex.Snapshot
    private let query: RecommendationQuery
    /// What the user did, or the items that something is sought for.
    private let history: [HistoryEntry]
    /// To which segments somebody belongs of whom nothing else is known.
    private let segments: [Int32]
    /// When it is asked, if that says whether a user comes back.
    private let moment: Timestamp?
    private let causes: Causes

    /// How many candidates are found at least where something may change their order.
    private static let leastCount = 150
    /// How many candidates are found where some may be much better than they would be.
    private static let boostedCount = 1_000
    /// How many candidates segments give.
    private static let segmentLimit = 500

    init(
        _ snapshot: TenantIndex.Snapshot, _ query: RecommendationQuery, _ history: UserHistory, at moment: Timestamp?
    ) {
        self.snapshot = snapshot
        self.query = query
        if case .item(let key) = query.subject {
            self.history = snapshot.catalog.slot(of: key).map { [HistoryEntry(item: $0)] } ?? []
        } else {
            self.history = history.entries.suffix(UserHistory.entryLimit).map(\.historyEntry)
        }
        segments = history.entries.isEmpty ? history.segments : []
        self.moment = moment
        causes = Causes(snapshot.model, self.history)
    }

    /// How many candidates are enough, all of them wanted.
    private var limit: Int {
        if query.keepsOrder { return query.count }
        return query.boosters.isEmpty ? max(Self.leastCount, query.count * 5) : Self.boostedCount
    }

    /// Whether too little is known of whom they are for, whatever of it is wanted.
    var isColdStart: Bool {
        switch (query.subject, query.algorithm) {
        case (.everybody, _), (_, .popular), (_, .trending): false
        case (.user, _), (.items, _): history.isEmpty || snapshot.model.isEmpty
        case (.item, _), (.bundle, _): !history.contains { isKnown($0) }
        }
    }

    /// Whether anything is known of what goes with an item or is like it.
    private func isKnown(_ entry: HistoryEntry) -> Bool {
        !snapshot.model.content.profile(of: CollectionOfOne(entry)).isEmpty
            || snapshot.model.hybrid?.neighbors(of: entry.item, by: .itemNeighbors).isEmpty == false
    }

    /// The candidates, the best first; none where it is asked for what is in demand, or nothing is known.
    ///
    /// - parameter isWanted: whether an item may stand in the answer.
    /// - throws: ``Failure`` `entity_not_found` when it is asked what is like an item that is not there.
    func candidates(_ isWanted: (Int32) -> Bool) throws -> [Candidate] {
        if case .item(let key) = query.subject, !isThere(key) { throw Items.notFound(key) }
        switch (query.subject, query.algorithm) {
        case (.everybody, _), (_, .popular), (_, .trending): return []
        case (.item, _), (.bundle, _): return related(isWanted)
        case _ where !segments.isEmpty:
            return snapshot.model.segments.candidates(segments, limit: Self.segmentLimit, isWanted)
        case (_, .contentBased): return alike(isWanted)
        case (_, let algorithm): return ranked(by: algorithm, isWanted)
        }
    }

    private func isThere(_ key: ItemKey) -> Bool {
        snapshot.catalog.slot(of: key).map { snapshot.catalog[$0].attributes != nil } ?? false
    }

    /// What was learnt of histories like this one.
    private func ranked(by algorithm: RecommendationQuery.Algorithm, _ isWanted: (Int32) -> Bool) -> [Candidate] {
        guard !history.isEmpty else { return [] }
        guard let hybrid = snapshot.model.hybrid else { return alike(isWanted) }
        return hybrid.rank(
            history, limit: limit, at: moment, by: algorithm == .session ? .transitions : nil,
            multipliers: multipliers(of: algorithm), content: snapshot.model.content,
            includesHistory: query.includesSeen, isAllowed: isWanted
        )
        .filter { item in item.contributions.contains { !$0.algorithm.isPopularity } }
        .map { Candidate(slot: $0.item, score: $0.score, origin: .ranking($0)) }
    }

    private func multipliers(of algorithm: RecommendationQuery.Algorithm) -> [Algorithm: Float] {
        if algorithm == .collaborative {
            return [.als: 1, .ease: 1, .transitions: 0, .popular: 0, .trending: 0, .content: 0]
        }
        guard algorithm == .hybrid, query.weights != nil else { return [:] }
        func weight(_ part: RecommendationQuery.Algorithm) -> Float { Float(self.weight(of: part)) }
        return [
            .als: weight(.collaborative), .ease: weight(.collaborative), .transitions: weight(.session),
            .popular: weight(.popular), .trending: weight(.popular), .content: weight(.contentBased),
        ]
    }

    /// How much a part of the hybrid is to count.
    ///
    /// - parameter usual: how much it counts where the query does not say.
    private func weight(of part: RecommendationQuery.Algorithm, usual: Double = 1) -> Double {
        query.weights.map { $0[part] ?? 0 } ?? usual
    }

    /// What goes with items, and what is like one.
    private func related(_ isWanted: (Int32) -> Bool) -> [Candidate] {
        switch (query.algorithm, query.subject) {
        case (.contentBased, _): return alike(isWanted)
        case (.session, _): return together(by: .transitions, isWanted)
        case (.collaborative, _), (_, .bundle): return together(by: .itemNeighbors, isWanted)
        default:
            var parts = [
                (alike(isWanted), weight(of: .contentBased)),
                (together(by: .itemNeighbors, isWanted), weight(of: .collaborative)),
            ]
            if query.weights != nil {
                parts.append((together(by: .transitions, isWanted), weight(of: .session)))
                parts.append((snapshot.popular.candidates(query.type, by: .popular), weight(of: .popular)))
            }
            return .merging(parts)
        }
    }

    /// What users did something with who did something with the items that something is sought for.
    private func together(by algorithm: Algorithm, _ isWanted: (Int32) -> Bool) -> [Candidate] {
        guard let hybrid = snapshot.model.hybrid else { return alike(isWanted) }
        var sums: [Int32: (score: Float, cause: Int32, strongest: Float)] = [:]
        for entry in history {
            for (item, weight) in hybrid.neighbors(of: entry.item, by: algorithm) where weight > 0 && isWanted(item) {
                var sum = sums[item] ?? (0, entry.item, 0)
                sum.score += weight
                if weight > sum.strongest { (sum.cause, sum.strongest) = (entry.item, weight) }
                sums[item] = sum
            }
        }
        return sums.map { item, sum in
            let cause = snapshot.catalog[sum.cause].key
            let reason: Recommendations.Reason =
                algorithm == .transitions ? .chosenAround(cause) : .chosenTogether(with: cause)
            return Candidate(slot: item, score: sum.score, origin: .reason(reason))
        }.ranked
    }

    /// What has attributes like those of the history, whose latest items count most.
    private func alike(_ isWanted: (Int32) -> Bool) -> [Candidate] {
        let content = snapshot.model.content
        let latest = history.reversed().enumerated().map { place, entry in
            HistoryEntry(item: entry.item, weight: 1 / Float(place + 1))
        }
        let excluded: Set<Int32> = query.includesSeen ? [] : Set(latest.map(\.item))
        var sums = ScoreAccumulator(itemCount: content.itemCount)
        let limit = max(limit, Self.leastCount + query.count * 2)
        return content.best(content.profile(of: latest), limit: limit, using: &sums) {
            !excluded.contains($0) && isWanted($0)
        }
        .map { Candidate(slot: $0.item, score: $0.score, origin: .likeness) }
    }

    /// Why an item is a candidate.
    func reason(of candidate: Candidate) -> Recommendations.Reason {
        switch candidate.origin {
        case .reason(let reason): reason
        case .likeness: causes.likeness(of: candidate.slot, in: snapshot.catalog)
        case .ranking(let item): causes.reason(of: item, in: snapshot.catalog)
        }
    }
}

extension Algorithm {
    /// Whether it says the same of everybody.
    fileprivate var isPopularity: Bool { self == .popular || self == .trending }
}
