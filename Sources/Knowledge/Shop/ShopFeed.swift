import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Leads the changes of the shop to its graph, which is written as anybody's is: it can be searched, walked through and
/// asked for as of a moment.
///
/// One instance does it, under a lease. How far it is stands in the same transaction as what it writes. Where the log
/// does not go back to where it is, what stands in the tables of the shop is read first (``ShopReader``).
struct ShopFeed: Service {
    /// Who the change log says did it, and the name of all that is stored of it.
    static let actor = "shop-graph"
    /// How many changes are taken over at once.
    private static let batchLimit = 200
    /// How long it rests when there is nothing to take over.
    private static let rest = Duration.milliseconds(200)
    /// How far it may come before it is stored where nothing else is written: each time costs a durable write.
    private static let storeDistance: Int64 = 10_000
    /// How far it comes before retention is told.
    private static let keepDistance: Int64 = 1_000

    private let log: ChangeLog
    private let elements: GraphElements
    private let reader: ShopReader
    private let lease: Lease
    private let isOn: Bool
    private let changesTaken: Counter
    private let entitiesRead: Counter
    private let logger: Logger

    /// - parameter shop: has the tables of the shop.
    init(
        _ log: ChangeLog, _ elements: GraphElements, _ shop: any EntityImages, settings: SettingsValues,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        self.elements = elements
        self.logger = logger
        reader = ShopReader(log: log, elements: elements, shop: shop)
        lease = Lease("shop_graph", of: log, settings: settings, metrics: metrics, logger: logger)
        isOn = settings[KnowledgeSettings.shop].isOn
        changesTaken = metrics.counter(
            "shop_graph_changes_total", "Changes of the shop that its graph has taken over."
        ).with()
        entitiesRead = metrics.counter(
            "shop_graph_entities_read_total",
            "Customers, products, orders and reservations that its graph has taken over from the tables of the shop."
        ).with()
    }

    func run() async throws {
        guard isOn else { return try await rest() }
        await lease.sweep(resting: Self.rest, clock: ContinuousClock()) { try await takeOver(under: $0) }
    }

    /// Does nothing, and lets retention delete what was kept for it when it was on.
    private func rest() async throws {
        do {
            let isKept = try await log.database.read { try ShopProgress(in: $0).kept != nil }
            if isKept { try await log.forgetFollower(Self.actor) }
        } catch {
            logger.warning(
                "changes are kept for the graph of the shop, which is off", metadata: ["error": "\(error)"])
        }
        try await gracefulShutdown()
    }

    /// Takes over a part of what comes next: some changes of one tenant, or some of what stands in the tables.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: 0 when there is nothing more for now.
    @discardableResult
    func takeOver(under grant: LeaseGrant? = nil) async throws -> Int {
        let progress = try await log.database.read { try ShopProgress(in: $0) }
        if let reading = progress.reading, reading.position >= progress.start {
            try await keep(reading.position, progress)
            let count = try await reader.step(reading, under: grant)
            entitiesRead.increment(by: count)
            return max(1, count)
        }
        guard progress.position >= progress.start else { return try await beginReading(progress, grant) }
        try await keep(progress.position, progress)
        return try await follow(progress, grant)
    }

    /// The log does not tell how the shop became what it is.
    private func beginReading(_ progress: ShopProgress, _ grant: LeaseGrant?) async throws -> Int {
        let head = log.head
        // Where several instances write, it takes a moment after the start until it is known how far the log is.
        let last = try await log.database.read { try ChangeLog.last(in: $0) }
        guard head >= progress.start, head > .start || last == .start else { return 0 }
        logger.notice("reads the shop from its tables", metadata: ["position": "\(head)"])
        try await reader.save(ShopReading(from: head), grant)
        return 1
    }

    private func follow(_ progress: ShopProgress, _ grant: LeaseGrant?) async throws -> Int {
        // Before the changes are looked for: there are none up to here where none is found.
        let head = log.head
        let found = try await log.changes(
            after: progress.position, limit: Self.batchLimit, types: ShopGraph.types)
        guard let first = found.first else {
            if head.value - progress.position.value >= Self.storeDistance { try await save(head, grant) }
            return 0
        }
        let changes = Array(found.prefix { $0.tenant == first.tenant })
        guard let last = changes.last else { return 0 }
        let updates = try changes.compactMap(ShopGraph.update)
        _ = try await log.write(ChangeContext(tenant: first.tenant, actor: Self.actor)) { [elements] unit in
            try grant?.check(in: unit.transaction)
            for update in updates { try elements.apply(update, in: unit) }
            try ShopProgress.save(last.position, in: unit.transaction)
        }
        changesTaken.increment(by: changes.count)
        return changes.count
    }

    private func save(_ position: LogPosition, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { transaction in
            try grant?.check(in: transaction)
            try ShopProgress.save(position, in: transaction)
        }
    }

    /// Has retention keep the changes after a position.
    private func keep(_ position: LogPosition, _ progress: ShopProgress) async throws {
        if let kept = progress.kept, (0..<Self.keepDistance).contains(position.value - kept.value) { return }
        try await log.keepChanges(after: position, for: Self.actor)
    }
}
