import Core
import Learning

/// Finds what to recommend in what is in memory, without waiting for anything.
///
/// Candidates come from the algorithm that is asked for, the best first, and each is held against what is wanted. Where
/// they do not suffice, since too little is known of whom they are for or too much is excluded, what is trending comes
/// after them, and then whatever else there is.
struct Recommender {
    let snapshot: TenantIndex.Snapshot
    let query: RecommendationQuery
    let history: UserHistory
    let filters: ItemFilters
    let now: Timestamp
    /// How many items are looked at that nothing speaks for.
    let scanLimit: Int
    private let filter: ItemFilter?
    private let categories: ItemFilter?
    private let previous: Set<UInt32>

    /// How many times as many candidates as are wanted are looked at where something may change their order.
    private static let poolFactor = 5

    init(
        _ snapshot: TenantIndex.Snapshot, _ query: RecommendationQuery, _ history: UserHistory, _ filters: ItemFilters,
        now: Timestamp, scanLimit: Int = .max
    ) {
        self.scanLimit = scanLimit
        self.snapshot = snapshot
        self.query = query
        self.history = history
        self.filters = filters
        self.now = now
        filter = query.filter.map { filters.filter(.condition($0)) }
        categories = query.categories.isEmpty ? nil : filters.filter(.categories(query.categories))
        previous = Set(query.previous?.items ?? [])
    }

    /// Whether an item may stand in the answer.
    func isWanted(_ slot: Int32) -> Bool {
        let entry = snapshot.catalog[slot]
        guard entry.isListed, query.includesSeen || !history.hasSeen(slot) else { return false }
        if let type = query.type, entry.key.type != type { return false }
        if !query.excluded.isEmpty, query.excluded.contains(entry.key) { return false }
        if !previous.isEmpty, previous.contains(entry.key.shortHash) { return false }
        return [categories, filter].allSatisfy { $0?.holds(of: slot, in: snapshot.catalog, now: now) ?? true }
    }

    /// Whether it is for a user who has done nothing.
    private var isUnknown: Bool { if case .user = query.subject { history.entries.isEmpty } else { false } }

    /// The items that fit best.
    ///
    /// - parameters:
    ///   - candidates: what the algorithm has found, the best first.
    ///   - reason: why one of them is there.
    /// - throws: ``TooMuchAtOnce``.
    func recommend(
        _ candidates: [Candidate], reason: (Candidate) -> Recommendations.Reason
    ) throws -> Recommendations {
        var answer = Recommendations(algorithm: query.algorithm)
        answer.model = snapshot.model.name
        guard previous.count + query.count <= RecommendationID.itemLimit else { return answer }
        var chosen = choose(among: candidates)
        answer.isOwn = chosen.count == query.count
        answer.isColdStart = (chosen.isEmpty || isUnknown) && ![.popular, .trending].contains(query.algorithm)
        if chosen.count < query.count { try fill(&chosen) }
        explore(&chosen)
        answer.entries = chosen.map {
            Recommendations.Entry(item: snapshot.catalog[$0.slot].key, score: $0.score, reason: reason($0))
        }
        answer.id = RecommendationID(
            query.algorithm, variant: query.variant, at: now,
            items: (query.previous?.items ?? []) + answer.entries.map(\.item.shortHash))
        return answer
    }

    /// The best of some candidates that are wanted.
    private func choose(among candidates: [Candidate]) -> [Candidate] {
        let ordered =
            !query.boosters.isEmpty || query.rotation != nil ? candidates.map(reconsidered).ranked : candidates
        let pool = query.diversity > 0 ? query.count * Self.poolFactor : query.count
        var wanted: [Candidate] = []
        for candidate in ordered where isWanted(candidate.slot) {
            wanted.append(candidate)
            if wanted.count == pool { break }
        }
        return Diversity(share: query.diversity, content: snapshot.model.content).choose(query.count, of: wanted)
    }

    /// A candidate with what boosters and rotation make of its score.
    private func reconsidered(_ candidate: Candidate) -> Candidate {
        var candidate = candidate
        for booster in query.boosters
        where filters.filter(.condition(booster.filter)).holds(of: candidate.slot, in: snapshot.catalog, now: now) {
            candidate.score *= Float(booster.factor)
        }
        if let rotation = query.rotation {
            candidate.score *= 1 - Float(rotation.rate * turn(of: candidate.slot, every: rotation.period))
        }
        return candidate
    }

    /// A number from 0 to 1 that is the same for a user and an item as long as a period lasts.
    private func turn(of slot: Int32, every period: Int64) -> Double {
        var hash = ShortHash()
        if case .user(let user) = query.subject { hash.add(user.utf8) }
        let window = now.microseconds / (max(1, period) * 1_000_000)
        withUnsafeBytes(of: window) { hash.add($0) }
        withUnsafeBytes(of: snapshot.catalog[slot].key.shortHash) { hash.add($0) }
        return Double(hash.value) / Double(UInt32.max)
    }

    /// Adds what is popular, and then what else there is.
    private func fill(_ chosen: inout [Candidate]) throws {
        var taken = Set(chosen.map(\.slot))
        // What is behind all that was found has less than any of it.
        let scale = chosen.last?.score ?? 1
        let isTrend = query.algorithm != .popular
        // With the others nobody did anything: they are not popular, but there.
        for ranked in snapshot.popular.ranked(query.type, byTrend: isTrend) where ranked.score > 0 {
            guard chosen.count < query.count else { return }
            guard !taken.contains(ranked.slot), isWanted(ranked.slot) else { continue }
            taken.insert(ranked.slot)
            chosen.append(
                Candidate(
                    slot: ranked.slot, score: ranked.score * scale, origin: .reason(isTrend ? .trending : .popular)))
        }
        for (place, slot) in (0..<Int32(snapshot.catalog.count)).reversed().enumerated() {
            guard chosen.count < query.count else { return }
            guard place < scanLimit else { throw TooMuchAtOnce() }
            guard !taken.contains(slot), isWanted(slot) else { continue }
            chosen.append(Candidate(slot: slot, score: 0, origin: .reason(.newest)))
        }
    }

    /// Gives a part of the answer to items of which little is known.
    private func explore(_ chosen: inout [Candidate]) {
        let room = min(Int((query.exploration * Double(query.count)).rounded()), chosen.count)
        guard room > 0 else { return }
        let taken = Set(chosen.map(\.slot))
        var picked = BestItems(limit: room)
        for slot in snapshot.popular.littleKnown(query.type) where !taken.contains(slot) && isWanted(slot) {
            picked.add(slot, score: Float(turn(of: slot, every: 3_600)))
        }
        let slots = picked.sorted().map(\.item)
        let scale = chosen.last?.score ?? 0
        chosen.removeLast(slots.count)
        chosen += slots.map { Candidate(slot: $0, score: scale, origin: .reason(.explored)) }
    }
}

/// More items would have to be looked at than an event loop has the time for.
public struct TooMuchAtOnce: Error {}
