public import ChangeLog
public import Core
public import Logging
public import ServiceLifecycle
import Storage
public import Telemetry

/// Knowledge: the role that keeps graphs of what is known, and finds facts, things and where they come from.
///
/// A program that imports it makes one on a log, writes through ``elements`` in units of work, searches by
/// ``search(_:_:_:of:)``, and runs ``services``.
public final class KnowledgeRole: Sendable {
    /// The log that it writes to and follows.
    public let log: ChangeLog
    /// The nodes, edges and episodes.
    public let elements: GraphElements
    /// Leads the log to the graphs in memory.
    public let follower: Follower
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    private let indexes: GraphIndexes

    /// The role on a log. It finds nothing until its services run.
    public init(
        _ log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        elements = GraphElements(dimensions: settings[KnowledgeSettings.dimensions])
        indexes = GraphIndexes(log, elements, logger: logger)
        follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
        let keeper = GraphKeeper(indexes)
        services = [follower, IdleWork(log, follower) { keeper.work() }]
    }

    /// Whether the graphs have been read since the start.
    public var isReady: Bool { indexes.isReady }

    /// The elements of a kind that fit a search best, the best first.
    ///
    /// - throws: ``Failure`` `index_not_ready`, `invalid_request`.
    public func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant
    ) throws -> [GraphHit] {
        guard isReady else { throw Self.notReady }
        guard let graph = indexes.find(tenant) else { return [] }
        return try GraphSearcher(graph: graph.snapshot, search: search).run(kind, section)
    }

    private static var notReady: Failure {
        Failure(.unavailable, code: "index_not_ready", "The graphs are being read; try again.", retryAfter: 1)
    }

    /// Waits until what was written up to a position can be found.
    public func waitUntilFound(_ position: LogPosition, atMost patience: Duration) async throws {
        try await follower.waitUntil(position: position, atMost: patience)
    }
}
