public import ChangeLog
public import Core
public import Storage

/// The deliveries that could not be made: looked at, tried again, removed.
public struct DeadLetters: Sendable {
    /// Which of them are meant.
    public struct Filter: Sendable {
        /// Those of one observer.
        public var observer: ObserverKey?
        /// Those of one reason, for example `http_500`.
        public var reason: String?
        /// Those that came here since.
        public var since: Timestamp?

        /// All.
        public init() {}
    }

    /// How many of them there are, by observer, action and reason.
    public struct Statistics: Sendable, JSONEncodable {
        let total: Int64
        let oldest: Timestamp?
        let groups: [(observer: String, reason: String, count: Int64)]

        public func write(to json: inout JSONWriter) {
            json.object { json in
                json.member("total", total)
                json.member("oldest", oldest)
                json.key("groups")
                json.array { json in
                    for group in groups {
                        json.object { json in
                            json.member("observer", group.observer)
                            json.member("reason", group.reason)
                            json.member("count", group.count)
                        }
                    }
                }
            }
        }
    }

    /// How many one call retries or removes.
    static let batchLimit = 1_000

    private let observers: Observers

    init(_ observers: Observers) {
        self.observers = observers
    }

    /// A dead letter by its identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: DeadLetter.ID, of tenant: Tenant, in transaction: any ReadTransaction) throws -> DeadLetter {
        let key = id.key
        let query: SQL = """
            SELECT \(DeadLetter.columns) FROM dead_letters d JOIN observers o ON o.number = d.observer
            WHERE d.observer = \(key.channel.observer) AND d.action = \(key.channel.action)
                AND d.position = \(key.position) AND d.replay = \(key.replay) AND d.tenant = \(tenant) AND d.retried = 0
            """
        guard let letter = try transaction.first(query, DeadLetter.init) else {
            throw Failure.notFound("dead letter", id)
        }
        return letter
    }

    /// A page of the dead letters of a tenant, the oldest first.
    public func list(
        _ filter: Filter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<DeadLetter> {
        let condition = try condition(filter, of: tenant, in: transaction)
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) FROM dead_letters d WHERE \(condition)") { $0.integer(0) }
        }
        let query: SQL = """
            SELECT \(DeadLetter.columns) FROM dead_letters d JOIN observers o ON o.number = d.observer
            WHERE \(condition)
            """
        let order = try SQL.page(
            [
                .integer("d.created_at"), .integer("d.observer"), .integer("d.action"), .integer("d.position"),
                .integer("d.replay"),
            ], descending: false, page)
        return Page(fetched: try transaction.rows(query + order, DeadLetter.init), page, total: total) { letter in
            let key = letter.id.key
            return [
                .integer(letter.createdAt.microseconds), .integer(key.channel.observer),
                .integer(Int64(key.channel.action)), .integer(key.position.value), .integer(key.replay),
            ]
        }
    }

    /// How many there are.
    public func statistics(of tenant: Tenant, in transaction: any ReadTransaction) throws -> Statistics {
        let groups = try transaction.rows(
            """
            SELECT o.name, d.reason, COUNT(*) FROM dead_letters d JOIN observers o ON o.number = d.observer
            WHERE d.tenant = \(tenant) AND d.retried = 0 GROUP BY o.name, d.reason ORDER BY o.name, d.reason
            """
        ) { (observer: $0.text(0), reason: $0.text(1), count: $0.integer(2)) }
        let oldest =
            try transaction.first(
                "SELECT MIN(created_at) FROM dead_letters WHERE tenant = \(tenant) AND retried = 0"
            ) { $0.isNull(0) ? nil : $0.timestamp(0) } ?? nil
        return Statistics(total: groups.reduce(0) { $0 + $1.count }, oldest: oldest, groups: groups)
    }

    /// Has one delivered again, from the first attempt on: that action of that event, and nothing else.
    ///
    /// - throws: ``Failure`` `not_found`, `event_expired`.
    public func retry(_ id: DeadLetter.ID, in unit: UnitOfWork) throws -> DeadLetter {
        let letter = try find(id, of: unit.tenant, in: unit.transaction)
        try revive([id.key], in: unit)
        return letter
    }

    /// Has many delivered again, the oldest first.
    ///
    /// - parameter isDryRun: whether nothing is changed.
    /// - returns: those that are meant, and whether there are more.
    public func retryAll(
        _ filter: Filter, isDryRun: Bool, in unit: UnitOfWork
    ) throws -> Page<DeadLetter> {
        let page = try list(filter, PageRequest(limit: Self.batchLimit), of: unit.tenant, in: unit.transaction)
        if !isDryRun { try revive(page.items.map(\.id.key), in: unit) }
        return page
    }

    /// Removes one for good.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func remove(_ id: DeadLetter.ID, in unit: UnitOfWork) throws {
        _ = try find(id, of: unit.tenant, in: unit.transaction)
        try unit.transaction.execute("DELETE FROM dead_letters WHERE \(id.key.condition)")
        try unit.transaction.execute(
            "UPDATE deliveries SET state = \(Delivery.State.dropped.rawValue) WHERE \(id.key.condition)")
    }

    /// The event of a delivery that the log does not have any more, if it was among the dead letters.
    static func event(of delivery: Delivery, in transaction: any ReadTransaction) throws -> Change? {
        guard delivery.isRevived else { return nil }
        let event = try transaction.first("SELECT event FROM dead_letters WHERE \(delivery.key.condition)") {
            $0.bytes(0)
        }
        // One that the log had lost before it came here has none.
        guard let event, event != Array("null".utf8) else { return nil }
        return try Change(json: event, of: delivery.tenant)
    }

    private func revive(_ keys: [Delivery.Key], in unit: UnitOfWork) throws {
        let transaction = unit.transaction
        for key in keys {
            try transaction.enqueue(
                """
                UPDATE deliveries SET state = 1, attempts = 0, due_at = \(unit.now), updated_at = \(unit.now)
                WHERE \(key.condition) AND state = \(Delivery.State.dead.rawValue)
                """)
            try transaction.enqueue("UPDATE dead_letters SET retried = 1 WHERE \(key.condition)")
        }
    }

    private func condition(
        _ filter: Filter, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> SQL {
        var condition: SQL = "d.tenant = \(tenant) AND d.retried = 0"
        if let key = filter.observer {
            condition += " AND d.observer = \(try observers.find(key, of: tenant, in: transaction).number)"
        }
        if let reason = filter.reason { condition += " AND d.reason = \(reason)" }
        if let since = filter.since { condition += " AND d.created_at >= \(since)" }
        return condition
    }
}
