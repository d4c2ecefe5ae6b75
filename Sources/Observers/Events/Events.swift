import ChangeLog
public import Core
import Expressions
public import Storage

/// What happened, and what was done about it.
public struct Events: Sendable {
    /// How many changes one call looks at.
    private let scanLimit: Int64
    /// How many of them are in memory at once, where a text is looked for.
    private static let chunk = 256

    private let observers: Observers
    private let lookups: LookupReader
    private let destinations: Destinations

    /// - parameter destinations: tells which of them this instance leaves alone.
    init(
        _ observers: Observers, _ lookups: LookupReader, _ destinations: Destinations, scanLimit: Int64 = 20_000
    ) {
        self.scanLimit = scanLimit
        self.destinations = destinations
        self.observers = observers
        self.lookups = lookups
    }

    /// A page of events, the latest first. A page may be short, or empty, though there are more: it ends where one call
    /// has looked at enough of them, and its cursor goes on from there.
    ///
    /// - parameter head: how far the log is settled.
    /// - throws: ``Failure`` `invalid_query` at `?q` when no event can be asked for that text.
    public func list(
        _ filter: EventFilter, _ page: PageRequest, upTo head: LogPosition, of tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> Page<Event> {
        var end = head
        if let after = page.after {
            guard case .integer(let position)? = after.first, after.count == 1 else {
                throw Failure(
                    .malformed, code: "invalid_cursor", "The cursor is of another list. Begin without one.")
            }
            end = min(end, LogPosition(position - 1))
        }
        let observers = try Observers.all(of: tenant, in: transaction)
        let places = try find(
            filter, observers, of: tenant, upTo: end, head: head, limit: page.limit + 1, in: transaction)
        let shown = places.found.prefix(page.limit)
        let changes = try ChangeLog.changes(at: Array(shown), in: transaction)
        let deliveries = try deliveries(
            of: shown.map(\.position), by: observers, at: lookups.log.time.now(), in: transaction)
        let events = shown.compactMap { place in
            changes[place.position].map { Event(change: $0, deliveries: deliveries[place.position] ?? []) }
        }
        let last =
            places.found.count > page.limit
            ? shown.last?.position.value : places.unseenUpTo.map { $0.value + 1 }
        return Page(items: events, next: last.map { [.integer($0)] })
    }

    /// Looks at the latest changes themselves, and for a text in older ones at the index, where an observer fills it.
    private func find(
        _ filter: EventFilter, _ observers: [Observer], of tenant: Tenant, upTo end: LogPosition, head: LogPosition,
        limit: Int, in transaction: any ReadTransaction
    ) throws -> EventPlaces {
        let oldest = try ChangeLog.start(in: transaction)
        let isIndexed = observers.contains { $0.definition.actions.contains(where: \.isIndexing) }
        guard let text = filter.text, isIndexed else {
            return try scan(filter, of: tenant, after: oldest, upTo: end, limit: limit, in: transaction)
        }
        let recent = max(oldest, LogPosition(head.value - scanLimit))
        guard end > recent else {
            return try EventIndex.find(
                EventQuery(text), of: tenant, in: (after: oldest, upTo: end), where: filter.conditions, limit: limit,
                in: transaction)
        }
        var places = try scan(filter, of: tenant, after: recent, upTo: end, limit: limit, in: transaction)
        if places.found.count < limit, recent > oldest { places.unseenUpTo = recent }
        return places
    }

    /// Looks at some changes themselves, at most at `scanLimit`.
    private func scan(
        _ filter: EventFilter, of tenant: Tenant, after oldest: LogPosition, upTo end: LogPosition, limit: Int,
        in transaction: any ReadTransaction
    ) throws -> EventPlaces {
        let start = max(oldest, LogPosition(end.value - scanLimit))
        let textFilter = try filter.text.map { EventTextFilter(try EventQuery($0)) }
        var places = EventPlaces()
        var next = end
        while places.found.count < limit, next > start {
            let chunk = textFilter == nil ? limit : Self.chunk
            let candidates = try transaction.rows(
                """
                SELECT c.position, c.changed_at FROM changes c
                WHERE c.position > \(start) AND c.position <= \(next) AND c.tenant = \(tenant)
                    \(filter.conditions) ORDER BY c.position DESC LIMIT \(chunk)
                """, EventPlaces.place)
            places.found += try Self.choose(candidates, by: textFilter, in: transaction)
                .prefix(limit - places.found.count)
            guard candidates.count == chunk, let last = candidates.last else { break }
            next = LogPosition(last.position.value - 1)
        }
        places.unseenUpTo = places.found.count < limit && start > oldest ? start : nil
        return places
    }

    /// Those of some changes that a text is in.
    private static func choose(
        _ candidates: [EventPlaces.Place], by filter: EventTextFilter?, in transaction: any ReadTransaction
    ) throws -> [EventPlaces.Place] {
        guard let filter else { return candidates }
        let changes = try ChangeLog.changes(at: candidates, in: transaction)
        return candidates.filter { changes[$0.position].map(filter.matches) ?? false }
    }

    /// An event by its identifier, with what each observer says of it and what was done.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func report(
        _ id: String, at now: Timestamp, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> EventReport {
        let change = try Self.find(id, of: tenant, in: transaction)
        let all = try Observers.all(of: tenant, in: transaction)
        let found = try deliveries(of: [change.position], by: all, at: now, in: transaction)[change.position] ?? []
        let replays = try ReplayTable.covering(change.position, of: tenant, in: transaction)
        let progress = try ObserverProgress.position(in: transaction)
        let verdicts = try all.map { observer in
            EventReport.Verdict(
                observer, change, try enrich(change, for: observer, in: transaction), at: now,
                matchedUpTo: observer.ownPosition ?? progress,
                replays: replays.filter { $0.observer == observer.number },
                deliveries: found.filter { $0.observer == observer.definition.name })
        }
        return EventReport(change: change, verdicts: verdicts)
    }

    /// An event with what an observer looks up, or why that cannot be asked: that is no reason to hear no other one.
    private func enrich(
        _ change: Change, for observer: Observer, in transaction: any ReadTransaction
    ) throws -> Result<EventDocument, Failure> {
        do {
            return .success(
                try lookups.enrich(
                    EventDocument(change), of: observer.tenant, with: observer.definition.lookups, in: transaction))
        } catch let failure as Failure where failure.kind == .invalid {
            return .failure(failure)
        }
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
    private func deliveries(
        of positions: [LogPosition], by observers: [Observer], at now: Timestamp, in transaction: any ReadTransaction
    ) throws -> [LogPosition: [Event.Delivered]] {
        guard !positions.isEmpty else { return [:] }
        var found: [LogPosition: [Event.Delivered]] = [:]
        for observer in observers {
            for number in 0..<observer.definition.nextActionNumber {
                let action = observer.definition.actions.first { $0.number == number }
                let until = action.flatMap { action in
                    destinations.leftAloneUntil(
                        Destinations.Key(tenant: observer.tenant, name: action.content.destination), at: now)
                }
                try transaction.forEachRow(
                    """
                    SELECT position, replay, state, attempts, due_at, updated_at, failure FROM deliveries
                    WHERE observer = \(observer.number) AND action = \(number) AND position = \(each: positions)
                    """
                ) { row in
                    found[row.position(0), default: []].append(
                        try Event.Delivered(
                            row, observer: observer.definition.name, action: action?.name ?? "removed",
                            leftAloneUntil: until, at: now))
                    return true
                }
            }
        }
        return found
    }
}
