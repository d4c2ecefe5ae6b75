public import ChangeLog
public import Core
public import Storage

/// The places where a tenant's stock lies.
public struct Locations: Sendable {
    /// Makes a location.
    ///
    /// - throws: ``Failure`` `duplicate_location` when the code is taken.
    public func create(_ draft: LocationDraft, in unit: UnitOfWork) throws -> Location {
        guard let location = try insert(draft, in: unit) else {
            throw Failure.conflict(
                "duplicate_location", "There is a location \(draft.code) already. Choose another code.")
        }
        return location
    }

    /// A location by its identifier.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Location {
        let found = try transaction.first(
            "SELECT \(Location.columns) FROM locations WHERE tenant = \(tenant) AND id = \(id)", Location.init(row:))
        guard let found else { throw Failure.notFound("location", id) }
        return found
    }

    /// A location by its code, or nil when there is none.
    public func find(
        code: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Location? {
        try transaction.first(
            "SELECT \(Location.columns) FROM locations WHERE tenant = \(tenant) AND code = \(code)",
            Location.init(row:))
    }

    /// The tenant's locations by their codes.
    public func list(
        _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Location> {
        let end = try SQL.page([.text("code")], descending: false, page)
        let fetched = try transaction.rows(
            "SELECT \(Location.columns) FROM locations WHERE tenant = \(tenant)\(end)", Location.init(row:))
        let total =
            page.countsTotal
            ? try transaction.first("SELECT COUNT(*) FROM locations WHERE tenant = \(tenant)") { $0.integer(0) } : nil
        return Page(fetched: fetched, page, total: total) { [.text($0.code)] }
    }

    /// Changes a location.
    ///
    /// - parameter version: the version that the caller knows; nil when it does not mind others' changes.
    /// - throws: ``Failure`` `version_mismatch` when it has another version by now.
    public func update(
        _ id: Identifier, _ patch: LocationPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Location {
        let old = try find(id, of: unit.tenant, in: unit.transaction)
        guard version == nil || version == old.version else {
            throw Failure.versionMismatch("location", current: old.version)
        }
        var new = old
        new.name = patch.name.applied(to: old.name, default: old.code)
        new.priority = patch.priority.applied(to: old.priority, default: Location.defaultPriority)
        new.isActive = patch.isActive.applied(to: old.isActive, default: true)
        new.version += 1
        new.updatedAt = unit.now
        let count = try unit.transaction.execute(
            """
            UPDATE locations SET name = \(new.name), priority = \(new.priority), is_active = \(new.isActive),
                version = \(new.version), updated_at = \(new.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(id) AND version = \(old.version)
            """)
        guard count == 1 else { throw Failure.versionMismatch("location", current: old.version + 1) }
        try unit.recordUpdate(
            "location", id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
        return new
    }

    /// A location that somebody named by its code.
    ///
    /// - throws: ``Failure`` `unknown_location` when there is none.
    func require(_ code: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Location {
        guard let location = try find(code: code, of: tenant, in: transaction) else {
            throw Failure(
                .invalid, code: "unknown_location",
                "There is no location \(code). Create it with POST /api/v1/locations, or name another.")
        }
        return location
    }

    /// The code of the location that stock comes to: the one that was named, or the active one of the lowest priority.
    ///
    /// `MAIN` is made when it is named, or when there is no active location, and it is not there yet.
    func destination(_ code: String?, in unit: UnitOfWork) throws -> String {
        if let code, code != Location.mainCode {
            return try require(code, of: unit.tenant, in: unit.transaction).code
        }
        let wanted: SQL = code.map { "code = \($0)" } ?? "is_active = 1"
        let found = try unit.transaction.first(
            "SELECT code FROM locations WHERE tenant = \(unit.tenant) AND \(wanted) ORDER BY priority, code LIMIT 1"
        ) { $0.text(0) }
        if let found { return found }
        _ = try insert(LocationDraft(code: Location.mainCode, name: "Main"), in: unit)
        return Location.mainCode
    }

    /// Writes a location. Returns nil, having written nothing, when its code is taken.
    private func insert(_ draft: LocationDraft, in unit: UnitOfWork) throws -> Location? {
        let location = Location(
            id: unit.makeIdentifier(), code: draft.code, name: draft.name, priority: draft.priority,
            isActive: draft.isActive, version: 1, createdAt: unit.now, updatedAt: unit.now)
        let count = try unit.transaction.execute(
            """
            INSERT INTO locations (tenant, id, code, name, priority, is_active, version, created_at, updated_at)
            VALUES (\(unit.tenant), \(location.id), \(location.code), \(location.name), \(location.priority),
                \(location.isActive), \(location.version), \(location.createdAt), \(location.updatedAt))
            ON CONFLICT (tenant, code) DO NOTHING
            """)
        guard count == 1 else { return nil }
        try unit.recordInsert("location", location.id, after: JSONWriter.bytes(of: location))
        return location
    }
}
