import ChangeLog
import Core
import Logging
import Storage
import Telemetry

/// What the tables have of graphs, for those who follow the log.
struct GraphSource: Sendable {
    let log: ChangeLog
    let elements: GraphElements
    let logger: Logger
    private let unfitVectors: Counter

    init(_ log: ChangeLog, _ elements: GraphElements, metrics: MetricsRegistry, logger: Logger) {
        self.log = log
        self.elements = elements
        self.logger = logger
        unfitVectors = metrics.counter(
            "graph_vectors_unfit_total",
            "Vectors that were left out as graphs were read, since knowledge.dimensions says another size."
        ).with()
    }

    /// Reads all elements, some at a time. The next are read while something is done with these. Those with a vector of
    /// another size than is set come without it, so that they are found otherwise.
    func forEachPage(_ body: ([StoredElement]) async throws -> Void) async throws {
        @Sendable func read(after last: [UInt8]?) async throws -> [StoredElement] {
            try await log.database.read { [elements] in
                try elements.page(after: last, limit: GraphElements.chunk, in: $0)
            }
        }
        var page = try await read(after: nil)
        var unfit = 0
        while let last = page.last {
            async let next = read(after: last.place)
            unfit += page.count { $0.hasUnfitEmbedding }
            try await body(page)
            page = try await next
        }
        guard unfit > 0 else { return }
        unfitVectors.increment(by: unfit)
        logger.warning(
            """
            Vectors have another size than knowledge.dimensions: what they are of is not found by likeness until it is \
            written again with a vector of that size.
            """,
            metadata: ["elements": "\(unfit)", "knowledge.dimensions": "\(elements.dimensions)"])
    }

    /// The vectors that have changed, as they are now, which may be later than the changes.
    func embeddings(
        of updates: [GraphUpdate], _ tenant: Tenant
    ) async throws -> [ElementKind: [String: [Float]]] {
        var wanted: [ElementKind: Set<String>] = [:]
        for update in updates where update.hasNewEmbedding && update.hasEmbedding {
            wanted[update.kind, default: []].insert(update.id)
        }
        guard !wanted.isEmpty else { return [:] }
        return try await log.database.read { [elements, wanted] transaction in
            try Dictionary(
                uniqueKeysWithValues: wanted.map { kind, ids in
                    var found: [String: [Float]] = [:]
                    let ids = ids.sorted()
                    for start in stride(from: 0, to: ids.count, by: GraphElements.chunk) {
                        let chunk = Array(ids[start..<min(start + GraphElements.chunk, ids.count)])
                        found.merge(try elements.embeddings(kind, chunk, of: tenant, in: transaction)) { $1 }
                    }
                    return (kind, found)
                })
        }
    }
}
