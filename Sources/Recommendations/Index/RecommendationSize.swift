import Core
import Learning
import Telemetry

/// How much memory recommendations take, by what it is for: worked out from how much there is, so that it can be told
/// beforehand as well.
struct RecommendationSize: Sendable, Hashable {
    /// What an item takes besides its attributes: its entry, its key, and its place in the dictionary of keys.
    static let item = 236
    /// What a user takes besides what they did.
    static let user = 156
    /// What an item in a history takes: arrays have room for some more.
    static let historyEntry = 24
    /// What an item takes that is known only to be seen, with the room that its array has for more.
    static let seenItem = 6
    /// What it takes that a user belongs to a segment.
    static let userSegment = 8
    /// What it takes to remember whether a filter lets an item through.
    static let filteredItem = 8

    /// Items with their attributes.
    var items = 0
    /// Users and what they did.
    var users = 0
    /// What was learnt.
    var models = 0
    /// What was found of items for filters.
    var filters = 0

    /// The size of what there is of a tenant.
    init(_ index: TenantIndex) {
        let snapshot = index.snapshot
        items = snapshot.catalog.count * Self.item + snapshot.catalog.attributeBytes
        users =
            index.histories.count * Self.user + index.histories.entryCount * Self.historyEntry
            + index.histories.seenCount * Self.seenItem + index.histories.segmentCount * Self.userSegment
        models =
            (snapshot.model.hybrid?.sizeInBytes ?? 0) + snapshot.model.content.byteCount
            + snapshot.model.segments.popularity.byteCount
        filters = index.filters.byteCount
    }

    /// Tells it for all tenants whenever somebody asks for metrics, and how much there is of what is trending.
    static func register(_ index: RecommendationIndex, in metrics: MetricsRegistry, time: any TimeSource) {
        let trend = metrics.gauge(
            "recommendation_trend_weight", "How much all that users did counts now for what is trending."
        ).with()
        let bytes = metrics.gauge(
            "recommendation_memory_bytes",
            "How much memory recommendations take, as worked out from how much there is.",
            labels: ["part"])
        let (items, users) = (bytes.with("items"), bytes.with("users"))
        let (models, filters) = (bytes.with("models"), bytes.with("filters"))
        metrics.onCollect { [weak index] in
            let sizes = index?.tenants.map { RecommendationSize($0.index) } ?? []
            items.set(Double(sizes.reduce(0) { $0 + $1.items }))
            users.set(Double(sizes.reduce(0) { $0 + $1.users }))
            models.set(Double(sizes.reduce(0) { $0 + $1.models }))
            filters.set(Double(sizes.reduce(0) { $0 + $1.filters }))
            let now = time.now()
            trend.set(index?.tenants.reduce(0) { $0 + $1.index.popularity.trendWeight(at: now) } ?? 0)
        }
    }
}
