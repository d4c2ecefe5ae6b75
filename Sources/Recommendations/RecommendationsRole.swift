public import ChangeLog
public import Core
public import Logging
public import ServiceLifecycle
public import Telemetry

/// Recommendations: the role that knows what users did with which items, and says what they may want next.
///
/// A program that imports it makes one on a log, writes through ``items``, ``interactions``, ``types`` and ``users`` in
/// units of work, asks by ``recommend(_:of:)``, and runs ``services``.
public final class RecommendationsRole: Sendable {
    /// The log that it writes to and follows.
    public let log: ChangeLog
    /// What can be recommended.
    public let items = Items()
    /// What kinds of interactions are worth.
    public let types = InteractionTypes()
    /// What users did.
    public let interactions: Interactions
    /// What came of answers.
    public let outcomes = RecommendationOutcomes()
    /// What is said of users.
    public let users = RecommendationUsers()
    /// How much of all that tenants may have.
    public let quotas: RecommendationQuotas
    /// Leads the log to what is in memory.
    public let follower: Follower
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    let index: RecommendationIndex
    let trainer: Trainer
    let served: ServedCounts

    /// The role on a log. It recommends nothing until its services run.
    ///
    /// - parameters:
    ///   - shop: has the tables of the shop that feeds it where `recommendations.shop` is on; nil where there is none.
    ///   - directory: where models are kept over a restart; nil has them learnt anew.
    public init(
        _ log: ChangeLog, shop: (any EntityImages)? = nil, directory: String? = nil,
        settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        interactions = Interactions(types: types, outcomes: outcomes)
        served = ServedCounts(log, outcomes, metrics: metrics, logger: logger)
        index = RecommendationIndex(
            log, items, interactions, users, files: directory.map { ModelFiles(directory: $0) }, settings: settings,
            logger: logger)
        quotas = RecommendationQuotas(index, settings: settings, metrics: metrics)
        follower = Follower(index, of: log, settings: settings, metrics: metrics, logger: logger)
        RecommendationSize.register(index, in: metrics, time: log.time)
        trainer = Trainer(log, index, settings: settings, metrics: metrics, logger: logger)
        let feed = shop.map { [items, interactions] in
            ShopSink(items, interactions)
                .feed(log, from: $0, settings: settings, metrics: metrics, logger: logger)
        }
        services = [follower, trainer, served] + (feed.map { [$0] } ?? [])
    }

    /// Whether everything has been read since the start.
    public var isReady: Bool { index.isReady }

    /// Waits until what was written up to a position is known to recommendations.
    public func waitUntilKnown(_ position: LogPosition, atMost patience: Duration) async throws {
        try await follower.waitUntil(position: position, atMost: patience)
    }

    /// What fits a query best. The id of the answer says under which variant it is counted.
    ///
    /// - parameter isAtOnce: whether it is asked on an event loop, where nothing may hold up other requests.
    /// - throws: ``Failure`` `index_not_ready`, and `entity_not_found` when it is asked what is like an item that is
    ///   not there; at once also ``TooMuchAtOnce``.
    public func recommend(
        _ query: RecommendationQuery, of tenant: Tenant, isAtOnce: Bool = false
    ) throws -> Recommendations {
        guard let index = try ready(tenant) else {
            if case .item(let key) = query.subject { throw Items.notFound(key) }
            return Recommendations(algorithm: query.algorithm)
        }
        // A condition that is new is asked of each item.
        if isAtOnce, query.filter != nil || !query.boosters.isEmpty { throw TooMuchAtOnce() }
        let now = log.time.now()
        index.refreshPopular(at: now)
        var query = query
        query.variant = served.name(ofVariant: query.variant, of: tenant)
        return try index.recommend(query, now: now, scanLimit: isAtOnce ? Self.scanLimitAtOnce : .max)
    }

    /// How many items that nothing speaks for are looked at on an event loop: a few hundred microseconds.
    static let scanLimitAtOnce = 2_000

    /// What the answer to a query follows from, besides the query: as long as it is the same, the answer is.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func state(of subject: RecommendationQuery.Subject, of tenant: Tenant) throws -> RecommendationState {
        guard let index = try ready(tenant) else { return RecommendationState(base: "", popular: "") }
        let now = log.time.now()
        index.refreshPopular(at: now)
        return index.state(of: subject, now: now)
    }

    /// The vectors of users and items; nil where nothing is known of a tenant.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func vectors(of tenant: Tenant) throws -> RecommendationVectors? {
        try ready(tenant).map { RecommendationVectors($0) }
    }

    /// Counts an answer that is given.
    public func count(_ served: ServedAnswer, of tenant: Tenant) { self.served.add(served, of: tenant) }

    private func ready(_ tenant: Tenant) throws -> TenantIndex? {
        guard isReady else {
            throw Failure(
                .unavailable, code: "index_not_ready", "What users did is being read; try again.", retryAfter: 1)
        }
        return index.find(tenant)
    }
}
