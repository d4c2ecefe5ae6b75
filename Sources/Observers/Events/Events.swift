public import ChangeLog
public import Core
import Expressions
public import Storage

/// What happened, and what was done about it.
public struct Events: Sendable {
    /// How many rows of the log one call looks at.
    static let scanLimit: Int64 = 20_000

    private let observers: Observers
    private let lookups: LookupReader

    init(_ observers: Observers, _ lookups: LookupReader) {
        self.observers = observers
        self.lookups = lookups
    }

    /// A page of events, the latest first. A page may be short, or empty, though there are more: it ends where one call
    /// has looked at enough of the log, and its cursor goes on from there.
    ///
    /// - parameter head: how far the log is settled.
    public func list(
        _ filter: EventFilter, _ page: PageRequest, upTo head: LogPosition, of tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> Page<Event> {
        var end = head.value
        if let after = page.after {
            guard case .integer(let position)? = after.first, after.count == 1 else {
                throw Failure(
                    .malformed, code: "invalid_cursor", "The cursor is of another list. Begin without one.")
            }
            end = min(end, position - 1)
        }
        let start = max(try ChangeLog.start(in: transaction).value, end - Self.scanLimit)
        let places = try transaction.rows(
            query(filter, of: tenant, after: start, upTo: end, limit: page.limit + 1)
        ) { (position: $0.position(0), time: $0.timestamp(1)) }
        let shown = places.prefix(page.limit)
        let changes = try ChangeLog.changes(at: Array(shown), in: transaction)
        let deliveries = try Self.deliveries(of: shown.map(\.position), tenant, in: transaction)
        let events = shown.compactMap { place in
            changes[place.position].map { Event(change: $0, deliveries: deliveries[place.position] ?? []) }
        }
        let oldest = try ChangeLog.start(in: transaction).value
        let last = places.count > page.limit ? shown.last?.position.value : start > oldest ? start + 1 : nil
        return Page(items: events, next: last.map { [.integer($0)] })
    }

    private func query(
        _ filter: EventFilter, of tenant: Tenant, after start: Int64, upTo end: Int64, limit: Int
    ) -> SQL {
        var query: SQL = """
            SELECT position, changed_at FROM changes
            WHERE position > \(start) AND position <= \(end) AND tenant = \(tenant)
            """
        if let type = filter.entityType { query += " AND entity_type = \(type)" }
        if let entity = filter.entity { query += " AND entity_id = \(entity)" }
        if let operation = filter.operation { query += " AND operation = \(operation)" }
        if let since = filter.since { query += " AND changed_at >= \(since)" }
        if let until = filter.until { query += " AND changed_at < \(until)" }
        if let text = filter.text {
            let literal = text.lowercased().replacing("\\", with: "\\\\").replacing("%", with: "\\%")
            let pattern = "%\(literal.replacing("_", with: "\\_"))%"
            query += """
                 AND (LOWER(after_image) LIKE \(pattern) ESCAPE '\\' OR LOWER(before_image) LIKE \(pattern) ESCAPE '\\')
                """
        }
        return query + " ORDER BY position DESC LIMIT \(limit)"
    }

    /// An event by its identifier, with what each observer says of it and what was done.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func report(
        _ id: String, at now: Timestamp, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> EventReport {
        let change = try Self.find(id, of: tenant, in: transaction)
        let deliveries = try Self.deliveries(of: [change.position], tenant, in: transaction)[change.position] ?? []
        let progress = try ObserverProgress.position(in: transaction)
        let all = try transaction.rows(
            "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant) ORDER BY name", Observer.init)
        let verdicts = try all.map { observer in
            let document = try lookups.enrich(
                EventDocument(change), of: tenant, with: observer.definition.lookups, in: transaction)
            return EventReport.Verdict(
                observer, change, document, at: now, matchedUpTo: observer.ownPosition ?? progress,
                deliveries: deliveries.filter { $0.observer == observer.definition.name })
        }
        return EventReport(change: change, verdicts: verdicts)
    }

    /// The change that an event tells of.
    static func find(_ id: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Change {
        guard let position = Int64(id), position > 0,
            let time = try transaction.first(
                "SELECT changed_at FROM changes WHERE position = \(position) AND tenant = \(tenant)",
                { $0.timestamp(0) }),
            let change = try ChangeLog.changes(at: [(LogPosition(position), time)], in: transaction).values.first
        else { throw Failure.notFound("event", id) }
        return change
    }

    /// What an observer would do about an event, without doing it.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func test(
        _ key: ObserverKey, _ event: String, at now: Timestamp, of tenant: Tenant
    ) async throws -> ObserverTest {
        let (observer, change) = try await lookups.log.database.read { [observers] transaction in
            (
                try observers.find(key, of: tenant, in: transaction),
                try Self.find(event, of: tenant, in: transaction)
            )
        }
        let document = try await lookups.enrich(
            EventDocument(change), of: tenant, with: observer.definition.lookups)
        return ObserverTest(try CompiledObserver(observer), change, document, at: now)
    }

    /// The deliveries of some events, by their position.
    private static func deliveries(
        of positions: [LogPosition], _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [LogPosition: [Event.Delivered]] {
        guard !positions.isEmpty else { return [:] }
        let all = try transaction.rows(
            "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant) ORDER BY name", Observer.init)
        var found: [LogPosition: [Event.Delivered]] = [:]
        for observer in all {
            for action in 0..<observer.definition.nextActionNumber {
                let name = observer.definition.actions.first { $0.number == action }?.name ?? "removed"
                try transaction.forEachRow(
                    """
                    SELECT position, replay, state, attempts, due_at, updated_at, failure FROM deliveries
                    WHERE observer = \(observer.number) AND action = \(action) AND position IN (\(list: positions))
                    """
                ) { row in
                    found[row.position(0), default: []].append(
                        Event.Delivered(row, observer: observer.definition.name, action: name))
                    return true
                }
            }
        }
        return found
    }
}
