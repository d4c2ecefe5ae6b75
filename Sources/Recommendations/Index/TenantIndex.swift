import Core
import Dispatch
import Learning
import Synchronization

/// What recommendations to the users of one tenant are made of, in memory.
final class TenantIndex: Sendable {
    /// What requests hold as it is.
    struct Snapshot: Sendable {
        var catalog = Catalog()
        var model = RecommendationModel()
        var popular = PopularItems()
    }

    private struct State {
        var snapshot = Snapshot()
        /// When what is popular is looked at again, at the earliest.
        var popularDue = ContinuousClock.now
        /// How long it took to find out what is popular.
        var refreshing = Duration.zero
        var isRefreshing = false
    }

    /// How many times as long as it took to find out what is popular it stays so, however much is done meanwhile.
    private static let popularRest = 50
    private static let longestPopularRest = Duration.seconds(5)
    /// What takes longer is found out beside the requests.
    private static let longestWait = Duration.milliseconds(1)

    private static let madeCount = Atomic<UInt64>(0)

    /// Tells it from the one that was in its place before: in each, changes are counted from the beginning.
    let generation = TenantIndex.madeCount.add(1, ordering: .relaxed).newValue
    let histories = UserHistories()
    let popularity: ItemPopularity
    let segments = SegmentNumbers()
    let filters = ItemFilters()
    let freshReads = FreshReads()
    private let state = Mutex(State())

    /// Nothing yet.
    ///
    /// - parameter halfLife: after how many seconds what was done counts half as much for what is trending.
    init(halfLife: Double) { popularity = ItemPopularity(halfLife: halfLife) }

    /// How many changes of items and interactions there were since it was made.
    var changeCount: UInt64 { state.withLock { $0.snapshot.catalog.version } &+ popularity.version }

    /// What there is now.
    var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// Changes the catalogue. There is one who does at a time.
    func update(_ change: (inout Catalog) throws -> Void) rethrows {
        var catalog = state.withLock { $0.snapshot.catalog }
        try change(&catalog)
        state.withLock { $0.snapshot.catalog = catalog }
    }

    /// Takes up what is written of a user.
    func describe(_ user: String, _ attributes: JSONObject) {
        let numbers = segments.numbers(of: attributes)
        histories.update(user) { ($0.isDescribed, $0.segments) = (true, numbers) }
    }

    /// Puts a model in the place of another.
    func swap(_ model: RecommendationModel) { state.withLock { $0.snapshot.model = model } }

    /// Finds out anew what is popular if something has changed or time has passed, at most once in a while. Among many
    /// items that takes some milliseconds: then nobody waits, and who asks meanwhile is told what was popular before.
    func refreshPopular(at moment: Timestamp) {
        let start = ContinuousClock.now
        let isShort: Bool? = state.withLock { state in
            guard !state.isRefreshing, state.popularDue <= start else { return nil }
            state.isRefreshing = true
            return state.refreshing <= Self.longestWait
        }
        switch isShort {
        case true?: rankPopular(at: moment)
        case false?: DispatchQueue.global().async { [self] in rankPopular(at: moment) }
        case nil: break
        }
    }

    private func rankPopular(at moment: Timestamp) {
        let start = ContinuousClock.now
        let catalog = snapshot.catalog
        let sums = popularity.sums
        let isCurrent = snapshot.popular.isCurrent(catalog, sums, at: moment)
        let popular = isCurrent ? nil : PopularItems(catalog, sums, at: moment)
        let end = ContinuousClock.now
        state.withLock { state in
            if let popular { state.snapshot.popular = popular }
            state.isRefreshing = false
            if popular != nil { state.refreshing = end - start }
            state.popularDue = end + min((end - start) * Self.popularRest, Self.longestPopularRest)
        }
    }

    /// What fits a query best.
    ///
    /// - parameter scanLimit: how many items are looked at that nothing speaks for.
    /// - throws: ``Failure`` `entity_not_found` when it is asked what is like an item that is not there, and
    ///   ``TooMuchAtOnce``.
    func recommend(
        _ query: RecommendationQuery, now: Timestamp, scanLimit: Int = .max
    ) throws -> Recommendations {
        let snapshot = snapshot
        let history = history(of: query.subject, snapshot)
        let recommender = Recommender(snapshot, query, history, filters, now: now, scanLimit: scanLimit)
        let search = CandidateSearch(snapshot, query, history, at: query.subject.hasTimes ? living(now) : nil)
        return try recommender.recommend(
            search.candidates(recommender.isWanted), isColdStart: search.isColdStart, reason: search.reason)
    }

    /// A moment, if it tells how long a user was away.
    private func living(_ moment: Timestamp) -> Timestamp? { popularity.isAlive(at: moment) ? moment : nil }

    /// What is known of whom a query is for.
    private func history(of subject: RecommendationQuery.Subject, _ snapshot: Snapshot) -> UserHistory {
        switch subject {
        case .user(let user): return histories.find(user) ?? UserHistory()
        case .items(let keys), .bundle(let keys):
            var history = UserHistory()
            history.add(
                keys.enumerated().compactMap { index, key in
                    snapshot.catalog.slot(of: key).map { UserHistory.Entry(slot: $0, weight: 1, time: Int64(index)) }
                })
            return history
        case .item, .everybody: return UserHistory()
        }
    }

    /// What the answer to a query follows from.
    func state(of subject: RecommendationQuery.Subject, now: Timestamp) -> RecommendationState {
        let snapshot = snapshot
        var (version, isReturning): (UInt64, Bool) = (0, false)
        if case .user(let user) = subject, let history = histories.find(user) {
            version = history.version
            // Who comes back is recommended something else than who goes on.
            let latest = Timestamp(microseconds: history.entries.last?.time ?? 0)
            let gap = snapshot.model.hybrid?.returnGap ?? .max
            isReturning = popularity.isAlive(at: now) && (now.microseconds - latest.microseconds) / 1_000_000 > gap
        }
        let base = "\(generation)/\(version)/\(isReturning)/\(snapshot.catalog.version)/\(snapshot.model.name)"
        return RecommendationState(base: base, popular: "\(base)/\(snapshot.popular.name)")
    }
}
