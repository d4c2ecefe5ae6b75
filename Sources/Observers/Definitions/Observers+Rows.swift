import ChangeLog
public import Core
public import Storage

extension Observers {
    /// An observer by its identifier or its name.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(
        _ key: ObserverKey, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Observer {
        switch key {
        case .id(let id):
            let query: SQL = "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant) AND id = \(id)"
            guard let found = try transaction.first(query, Observer.init) else {
                throw Failure.notFound("observer", id)
            }
            return found
        case .name(let name):
            guard let found = try Self.find(named: name, of: tenant, in: transaction) else {
                throw Failure.notFound("observer", name)
            }
            return found
        }
    }

    static func find(
        named name: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Observer? {
        try transaction.first(
            "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant) AND name = \(name)", Observer.init)
    }

    /// A page of the observers of a tenant, by name.
    public func list(
        _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Observer> {
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) FROM observers WHERE tenant = \(tenant)") { $0.integer(0) }
        }
        let query: SQL = "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant)"
        let order = try SQL.page([.text("name")], descending: false, page)
        return Page(fetched: try transaction.rows(query + order, Observer.init), page, total: total) {
            [.text($0.definition.name)]
        }
    }

    /// Every observer of every tenant.
    static func all(in transaction: any ReadTransaction) throws -> [Observer] {
        try transaction.rows("SELECT \(Observer.columns) FROM observers ORDER BY number", Observer.init)
    }

    /// Those of a tenant, by their names.
    static func all(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Observer] {
        try transaction.rows(
            "SELECT \(Observer.columns) FROM observers WHERE tenant = \(tenant) ORDER BY name", Observer.init)
    }

    /// A page of what an observer was, the latest first.
    public func versions(
        _ key: ObserverKey, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<ObserverVersion> {
        let observer = try find(key, of: tenant, in: transaction)
        let query: SQL = """
            SELECT version, definition, actor, created_at FROM observer_versions
            WHERE tenant = \(tenant) AND observer = \(observer.number)
            """
        let order = try SQL.page([.integer("version")], descending: true, page)
        let versions = try transaction.rows(query + order) { row in
            ObserverVersion(
                version: row.integer(0), definition: try ObserverDefinition.read(stored: row.bytes(1)),
                actor: row.text(2), createdAt: row.timestamp(3))
        }
        return Page(fetched: versions, page) { [.integer($0.version)] }
    }

    func insert(_ observer: Observer, in unit: UnitOfWork) throws {
        let definition = observer.definition
        try unit.transaction.execute(
            """
            INSERT INTO observers (tenant, id, number, name, version, definition, enabled, paused, paused_because,
                managed_by, own_position, started_after, created_at, updated_at)
            VALUES (\(observer.tenant), \(observer.id), \(observer.number), \(definition.name), \(observer.version),
                \(SQLValue.utf8(definition.stored)), \(definition.isEnabled), \(observer.isPaused),
                \(observer.pausedBecause), \(observer.manager.rawValue), \(observer.ownPosition),
                \(observer.startedAfter), \(observer.createdAt), \(observer.updatedAt))
            """)
        try insertVersion(observer, in: unit)
    }

    func save(_ new: Observer, over old: Observer, in unit: UnitOfWork) throws -> Observer {
        var new = new
        new.updatedAt = unit.now
        let definition = new.definition
        try unit.transaction.execute(
            """
            UPDATE observers SET name = \(definition.name), version = \(new.version),
                definition = \(SQLValue.utf8(definition.stored)), enabled = \(definition.isEnabled),
                paused = \(new.isPaused), paused_because = \(new.pausedBecause), own_position = \(new.ownPosition),
                started_after = \(new.startedAfter), updated_at = \(new.updatedAt)
            WHERE tenant = \(new.tenant) AND id = \(new.id)
            """)
        if new.version > old.version { try insertVersion(new, in: unit) }
        try unit.recordUpdate(
            Self.entityType, new.id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
        return new
    }

    private func insertVersion(_ observer: Observer, in unit: UnitOfWork) throws {
        try unit.transaction.execute(
            """
            INSERT INTO observer_versions (tenant, observer, version, definition, actor, created_at)
            VALUES (\(observer.tenant), \(observer.number), \(observer.version),
                \(SQLValue.utf8(observer.definition.stored)), \(unit.context.actor), \(unit.now))
            """)
    }
}

/// What an observer was at one time.
public struct ObserverVersion: Sendable, JSONEncodable {
    /// Ascends by one with each change of the definition.
    public let version: Int64
    let definition: ObserverDefinition
    let actor: String
    let createdAt: Timestamp

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("version", version)
            definition.writeMembers(to: &json, secrets: .masked)
            json.member("actor", actor)
            json.member("created_at", createdAt)
        }
    }
}

extension ObserverDefinition {
    /// Gives each action the number that its name has in an older definition, or the next that no action ever had; and
    /// the secrets of that, where it has masks.
    ///
    /// - throws: ``Failure`` `invalid_request` when a secret would go to another server.
    mutating func numberActions(after old: ObserverDefinition?) throws {
        var next = (old?.nextActionNumber ?? 0)
        for index in actions.indices {
            if let former = old?.actions.first(where: {
                $0.name == actions[index].name && $0.type == actions[index].type
            }) {
                do throws(MisplacedMask) {
                    actions[index] = try actions[index].succeeding(former)
                } catch {
                    throw Failure.invalid(at: "/actions/\(index)/\(error.member)", MisplacedMask.message)
                }
            } else {
                actions[index].number = next
                next += 1
            }
        }
        nextActionNumber = max(next, old?.nextActionNumber ?? 0)
    }
}
