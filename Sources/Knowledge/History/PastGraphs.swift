import ChangeLog
import Core
import Storage
import Synchronization
import Telemetry

/// The graphs of moments long ago where an engine beside this server has those of now: they are read from the tables.
///
/// What was known at a moment seldom changes afterwards, so the last ones are kept. Before one is given again, the log
/// says whether anything has changed it since: what is written late, by a clock that is behind, or with a time of its
/// own that has passed.
final class PastGraphs: Sendable {
    /// A graph that was read.
    private struct Kept {
        let tenant: Tenant
        let moment: Timestamp
        let graph: GraphSnapshot
        /// How many elements it was made of.
        let size: Int
        /// No change of the log up to there has changed it since.
        var position: LogPosition
    }

    /// How many are kept at most.
    private static let keptLimit = 16
    /// How many changes of a graph are looked at before it is rather read again.
    private static let changeLimit = ChangeLog.batchLimits.upperBound
    private static let types = Set(ElementKind.allCases.map(\.entityType))

    private let log: ChangeLog
    private let elements: GraphElements
    /// How many elements are read for one, and how many all that are kept have together.
    private let limit: Int
    /// Where any graph changed last.
    private let mark: ChangeMark
    private let read: Counter
    /// The last that were asked for, the latest first.
    private let kept = Mutex<[Kept]>([])
    /// One graph at a time is read as a whole.
    private let turns = Turns()

    /// - parameter limit: how many elements are read for one at most.
    init(_ log: ChangeLog, _ elements: GraphElements, limit: Int, metrics: MetricsRegistry) {
        self.log = log
        self.elements = elements
        self.limit = limit
        mark = log.mark(of: Self.types)
        read = metrics.counter(
            "graph_past_elements_total", "Elements that were read from the tables for graphs of moments long ago."
        ).with()
    }

    /// The graph of a tenant as it was known at a moment.
    ///
    /// - throws: ``Failure`` `past_too_large`.
    func graph(of tenant: Tenant, at moment: Timestamp) async throws -> GraphSnapshot {
        if let graph = try await find(tenant, moment) { return graph }
        return try await turns.take {
            try Task.checkCancellation()
            // Whoever was before may have read the same.
            if let graph = try await find(tenant, moment) { return graph }
            return try await read(tenant, moment)
        }
    }

    /// Forgets the graphs of moments of which nothing is to be told any more.
    func forget(before oldest: Timestamp) {
        kept.withLock { $0.removeAll { $0.moment < oldest } }
    }

    // MARK: Keeping

    private func find(_ tenant: Tenant, _ moment: Timestamp) async throws -> GraphSnapshot? {
        let found = kept.withLock { $0.first { $0.tenant == tenant && $0.moment == moment } }
        guard var found else { return nil }
        guard let position = try await position(upToWhichHolds: found) else {
            take(out: found)
            return nil
        }
        found.position = position
        keep(found)
        return found.graph
    }

    /// Up to where the log says that a graph is still what was known; nil when it may not be.
    private func position(upToWhichHolds kept: Kept) async throws -> LogPosition? {
        // In this order: a change up to the head has moved the mark by then.
        let head = log.head
        guard mark.position > kept.position, head > kept.position else { return max(head, kept.position) }
        return try await log.database.read { transaction in
            guard try ChangeLog.start(in: transaction) <= kept.position else { return nil }
            let batch = try ChangeLog.batch(
                after: kept.position, upTo: head, limit: Self.changeLimit, types: Self.types, of: kept.tenant,
                in: transaction)
            return batch.upTo >= head && !batch.changes.contains { $0.reaches(kept.moment) } ? head : nil
        }
    }

    private func take(out old: Kept) {
        kept.withLock { $0.removeAll { $0.tenant == old.tenant && $0.moment == old.moment } }
    }

    private func keep(_ new: Kept) {
        kept.withLock { kept in
            kept.removeAll { $0.tenant == new.tenant && $0.moment == new.moment }
            kept.insert(new, at: 0)
            var size = 0
            let count = kept.prefix(Self.keptLimit).prefix { kept in
                size += kept.size
                return size <= limit
            }.count
            kept.removeLast(kept.count - count)
        }
    }

    // MARK: Reading

    private func read(_ tenant: Tenant, _ moment: Timestamp) async throws -> GraphSnapshot {
        // All changes up to there are in the snapshot that is read now.
        let position = log.head
        let (graph, size) = try await log.database.read { [elements, limit] transaction in
            try elements.graph(of: tenant, at: moment, limit: limit, in: transaction)
        }
        read.increment(by: size)
        keep(Kept(tenant: tenant, moment: moment, graph: graph, size: size, position: position))
        return graph
    }
}

extension GraphElements {
    /// The graph of a tenant as it was known at a moment, and how many elements it was made of.
    ///
    /// - throws: ``Failure`` `past_too_large` when they are more than the limit.
    fileprivate func graph(
        of tenant: Tenant, at moment: Timestamp, limit: Int, in transaction: any ReadTransaction
    ) throws -> (graph: GraphSnapshot, size: Int) {
        var graph = GraphSnapshot(dimensions: dimensions)
        var (size, last): (Int, [UInt8]?) = (0, nil)
        repeat {
            let page = try page(after: last, of: tenant, since: moment, limit: Self.chunk, in: transaction)
            size += page.count
            guard size <= limit else { throw Self.tooLarge(moment, limit) }
            for element in page { try graph.set(element.kind, element.fields, embedding: element.embedding) }
            last = page.last?.place
        } while last != nil
        let changed = try history.changed(since: moment, of: tenant, limit: limit - size + 1, in: transaction)
        size += changed.count
        guard size <= limit else { throw Self.tooLarge(moment, limit) }
        try graph.revert(to: moment, changed)
        return (graph, size)
    }

    private static func tooLarge(_ moment: Timestamp, _ limit: Int) -> Failure {
        Failure(
            .invalid, code: "past_too_large",
            "More than \(limit) elements were known at \(moment), which is as many as are read for it. Ask by valid_at "
                + "alone, which is found without reading them; let knowledge.past_elements be larger; or set "
                + "knowledge.engine to embedded.", details: [.init("limit", .integer(Int64(limit)))])
    }
}
