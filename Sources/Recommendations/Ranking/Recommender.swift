import Core
import Learning

/// Chooses what to recommend from what is in memory, without waiting for anything.
///
/// Candidates come from the algorithm that is asked for, the best first, and each is held against what is wanted. Where
/// they do not suffice, since too little is known of whom they are for or too much is excluded, what is in demand comes
/// after them, and then whatever else there is. Where something changes the order, it changes that of all of these.
struct Recommender {
    let snapshot: TenantIndex.Snapshot
    let query: RecommendationQuery
    let history: UserHistory
    let now: Timestamp
    /// How many items are looked at that nothing speaks for.
    let scanLimit: Int
    private let filter: ItemFilter?
    private let categories: ItemFilter?
    private let boosters: [(filter: ItemFilter, factor: Float)]
    /// The hashes of what stood on the pages before.
    private let previous: Set<UInt32>
    /// Whether it takes the key of an item to tell whether it is wanted.
    private let asksForKeys: Bool
    /// What something is sought for is not what is sought.
    private let subjects: Set<Int32>
    /// How many items are wanted: fewer than are asked for on the last page that there can be.
    private let count: Int

    /// How many times as many candidates as are wanted are looked at where they are to differ.
    private static let poolFactor = 5

    init(
        _ snapshot: TenantIndex.Snapshot, _ query: RecommendationQuery, _ history: UserHistory, _ filters: ItemFilters,
        now: Timestamp, scanLimit: Int = .max
    ) {
        self.scanLimit = scanLimit
        self.snapshot = snapshot
        self.query = query
        self.history = history
        self.now = now
        filter = query.filter.map { filters.filter(.condition($0)) }
        categories = query.categories.isEmpty ? nil : filters.filter(.categories(query.categories))
        boosters = query.boosters.map { (filters.filter(.condition($0.filter)), Float($0.factor)) }
        let shown = query.previous?.items ?? []
        previous = Set(shown)
        asksForKeys = query.type != nil || !query.excluded.isEmpty || !shown.isEmpty
        count = min(query.count, RecommendationID.itemLimit - shown.count)
        subjects = Set(query.subject.soughtFor.compactMap(snapshot.catalog.slot(of:)))
    }

    /// Whether an item may stand in the answer.
    func isWanted(_ slot: Int32) -> Bool {
        guard snapshot.catalog.isListed(slot), query.includesSeen || !history.hasSeen(slot) else { return false }
        if !subjects.isEmpty, subjects.contains(slot) { return false }
        if asksForKeys, !isWanted(snapshot.catalog[slot].key) { return false }
        if let categories, !categories.holds(of: slot, in: snapshot.catalog, now: now) { return false }
        return filter?.holds(of: slot, in: snapshot.catalog, now: now) ?? true
    }

    private func isWanted(_ key: ItemKey) -> Bool {
        if let type = query.type, key.type != type { return false }
        if !query.excluded.isEmpty, query.excluded.contains(key) { return false }
        return previous.isEmpty || !previous.contains(key.shortHash)
    }

    /// The items that fit best.
    ///
    /// - parameters:
    ///   - candidates: what the algorithm has found, the best first.
    ///   - isColdStart: whether too little is known of whom they are for.
    ///   - reason: why one of them is there.
    /// - throws: ``TooMuchAtOnce``.
    func recommend(
        _ candidates: [Candidate], isColdStart: Bool, reason: (Candidate) -> Recommendations.Reason
    ) throws -> Recommendations {
        var answer = Recommendations(algorithm: query.algorithm)
        answer.model = snapshot.model.name
        answer.isColdStart = isColdStart
        guard count > 0 else { return answer }
        var chosen: [Candidate]
        if query.keepsOrder {
            chosen = wanted(count, of: candidates)
            answer.isOwn = chosen.count == count
            if !answer.isOwn { add(inDemand, to: &chosen) }
        } else {
            chosen = choose(among: candidates.followed(by: inDemand))
        }
        if chosen.count < count { try addRest(to: &chosen) }
        explore(&chosen)
        answer.entries = chosen.map { candidate in
            let reason = reason(candidate)
            return Recommendations.Entry(
                item: snapshot.catalog[candidate.slot].key, score: candidate.score, reason: reason,
                causeName: reason.cause.flatMap(snapshot.catalog.slot(of:)).flatMap { snapshot.catalog[$0].name })
        }
        answer.id = RecommendationID(
            query.algorithm, variant: query.variant, at: now,
            items: (query.previous?.items ?? []) + answer.entries.map(\.item.shortHash))
        return answer
    }

    /// The first of some candidates that are wanted.
    private func wanted(_ limit: Int, of candidates: [Candidate]) -> [Candidate] {
        var wanted: [Candidate] = []
        for candidate in candidates where isWanted(candidate.slot) {
            wanted.append(candidate)
            if wanted.count == limit { break }
        }
        return wanted
    }

    /// The best of some candidates that are wanted, by all that is to change their order.
    private func choose(among candidates: [Candidate]) -> [Candidate] {
        let changesScores = !query.boosters.isEmpty || query.rotation != nil
        let ordered = changesScores ? candidates.map(reconsidered).reranked : candidates
        let pool = wanted(query.diversity > 0 ? count * Self.poolFactor : count, of: ordered)
        return Diversity(share: query.diversity, content: snapshot.model.content).choose(count, of: pool)
    }

    /// A candidate with what boosters and rotation make of its score.
    private func reconsidered(_ candidate: Candidate) -> Candidate {
        var candidate = candidate
        for booster in boosters where booster.filter.holds(of: candidate.slot, in: snapshot.catalog, now: now) {
            candidate.score *= booster.factor
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

    /// What is there for everybody.
    private var inDemand: [Candidate] { snapshot.popular.candidates(query.type, by: query.algorithm) }

    /// Adds candidates behind those that were chosen, until there are enough.
    private func add(_ others: [Candidate], to chosen: inout [Candidate]) {
        let taken = Set(chosen.map(\.slot))
        let scale = chosen.last?.score ?? 1
        for other in others where !taken.contains(other.slot) && isWanted(other.slot) {
            chosen.append(other.multiplied(by: scale))
            if chosen.count == count { return }
        }
    }

    /// Adds whatever else there is, the newest first.
    private func addRest(to chosen: inout [Candidate]) throws {
        let taken = Set(chosen.map(\.slot))
        for (place, slot) in (0..<Int32(snapshot.catalog.count)).reversed().enumerated() {
            guard chosen.count < count else { return }
            guard place < scanLimit else { throw TooMuchAtOnce() }
            guard !taken.contains(slot), isWanted(slot) else { continue }
            chosen.append(Candidate(slot: slot, score: 0, origin: .reason(.available)))
        }
    }

    /// Gives a part of the answer to items of which little is known.
    private func explore(_ chosen: inout [Candidate]) {
        let room = min(Int((query.exploration * Double(count)).rounded()), chosen.count)
        guard room > 0 else { return }
        let kept = chosen.dropLast(room)
        let taken = Set(kept.map(\.slot))
        var picked = BestItems(limit: room)
        for slot in snapshot.popular.littleKnown(query.type) where !taken.contains(slot) && isWanted(slot) {
            picked.add(slot, score: Float(turn(of: slot, every: 3_600)))
        }
        let scale = chosen.last?.score ?? 0
        let explored = picked.sorted().map { Candidate(slot: $0.item, score: scale, origin: .reason(.explored)) }
        // Where there is not enough of them, others stay.
        let slots = Set(explored.map(\.slot))
        let others = chosen.suffix(room).filter { !slots.contains($0.slot) }.prefix(room - explored.count)
        chosen = kept + others + explored
    }
}

extension RecommendationQuery.Subject {
    /// The items that something is sought for.
    fileprivate var soughtFor: [ItemKey] {
        switch self {
        case .item(let key): [key]
        case .bundle(let keys): keys
        case .user, .items, .everybody: []
        }
    }
}

/// More items would have to be looked at than an event loop has the time for.
public struct TooMuchAtOnce: Error {
    /// A failure of a question that is to be asked elsewhere.
    public init() {}
}
