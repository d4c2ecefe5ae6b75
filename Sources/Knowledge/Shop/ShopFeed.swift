import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Leads the changes of the shop to its graph, which is written as anybody's is: it can be searched, walked through and
/// asked for as of a moment.
///
/// One instance does it, under a lease. How far it is stands in the same transaction as what it writes.
struct ShopFeed: Service {
    /// Who the change log says did it.
    static let actor = "shop-graph"
    /// How many changes are taken over at once.
    private static let batchLimit = 200
    /// How long it rests when there is nothing to take over.
    private static let rest = Duration.milliseconds(200)

    private let log: ChangeLog
    private let elements: GraphElements
    private let lease: Lease
    private let changesTaken: Counter

    init(
        _ log: ChangeLog, _ elements: GraphElements, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        self.elements = elements
        lease = Lease("shop_graph", of: log, settings: settings, metrics: metrics, logger: logger)
        changesTaken = metrics.counter(
            "shop_graph_changes_total", "Changes of the shop that its graph has taken over."
        ).with()
    }

    func run() async throws {
        await lease.sweep(resting: Self.rest, clock: ContinuousClock()) { try await takeOver(under: $0) }
    }

    /// Takes over some changes: those of one tenant that come next.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: how many there were.
    @discardableResult
    func takeOver(under grant: LeaseGrant? = nil) async throws -> Int {
        let position = try await log.read { transaction in
            try transaction.first("SELECT position FROM graph_feeds WHERE name = \(Self.actor)") { $0.position(0) }
        }.value
        let found = try await log.changes(after: position ?? .start, limit: Self.batchLimit, types: ShopGraph.types)
        guard let first = found.first else { return 0 }
        let changes = Array(found.prefix { $0.tenant == first.tenant })
        guard let last = changes.last else { return 0 }
        let updates = try changes.compactMap(ShopGraph.update)
        let context = ChangeContext(tenant: first.tenant, actor: Self.actor)
        _ = try await log.write(context) { [elements] unit in
            try grant?.check(in: unit.transaction)
            for update in updates { try elements.apply(update, in: unit) }
            try unit.transaction.execute(
                """
                INSERT INTO graph_feeds (name, position) VALUES (\(Self.actor), \(last.position.value))
                ON CONFLICT (name) DO UPDATE SET position = excluded.position
                """)
        }
        changesTaken.increment(by: changes.count)
        return changes.count
    }
}

extension GraphElements {
    /// Takes over what a change in the shop makes of its graph.
    fileprivate func apply(_ update: ShopUpdate, in unit: UnitOfWork) throws {
        if !update.goneNodes.isEmpty { try delete(GraphNode.self, update.goneNodes, in: unit) }
        if !update.goneEdges.isEmpty { try delete(GraphEdge.self, update.goneEdges, in: unit) }
        try put(update.nodes.map { ElementDraft($0) }, in: unit)
        _ = try add(update.others.map { ElementDraft($0) }, in: unit)
        try put(update.edges.map { ElementDraft($0) }, in: unit)
    }
}
