public import ChangeLog
public import Core
public import Storage

extension Credentials {
    /// How long the name of a tenant may be.
    public static let tenantNameLengths = 1...64

    /// The number of a tenant's name.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func tenant(named name: String, in transaction: any ReadTransaction) throws -> Tenant {
        let query: SQL = "SELECT number FROM tenants WHERE name = \(name)"
        guard let tenant = try transaction.first(query, { Tenant($0.integer(0)) }) else {
            throw Failure.notFound("tenant", name)
        }
        return tenant
    }

    /// The tenants by name and number, the first one first.
    public func tenants(in transaction: any ReadTransaction) throws -> [(name: String, tenant: Tenant)] {
        try transaction.rows("SELECT name, number FROM tenants ORDER BY number") {
            ($0.text(0), Tenant($0.integer(1)))
        }
    }

    /// Makes a tenant.
    ///
    /// - throws: ``Failure`` `tenant_exists` when another has the name, `invalid_request` when the name is too long.
    public func createTenant(named name: String, in unit: UnitOfWork) throws -> Tenant {
        guard Self.tenantNameLengths.contains(name.unicodeScalars.count) else {
            throw Failure.invalid(at: "/name", "The name of a tenant has 1 to 64 characters.")
        }
        let insert: SQL = """
            INSERT INTO tenants (number, name, created_at)
            SELECT COALESCE(MAX(number), 0) + 1, \(name), \(unit.now) FROM tenants WHERE true
            ON CONFLICT (name) DO NOTHING RETURNING number
            """
        guard let tenant = try unit.transaction.first(insert, { Tenant($0.integer(0)) }) else {
            throw Failure.conflict("tenant_exists", "There is a tenant \(name) already.")
        }
        return tenant
    }

    /// Sees to it that the first tenant exists.
    public func ensureFirstTenant(in unit: UnitOfWork) throws {
        guard try !unit.transaction.exists("SELECT number FROM tenants WHERE number = \(Tenant.first)") else { return }
        _ = try createTenant(named: "default", in: unit)
    }

    /// When the first tenant was made, to the microsecond: what tells a database from any other.
    ///
    /// - throws: ``Failure`` `not_found` before ``ensureFirstTenant(in:)``.
    public func origin(in transaction: any ReadTransaction) throws -> Timestamp {
        let query: SQL = "SELECT created_at FROM tenants WHERE number = \(Tenant.first)"
        guard let origin = try transaction.first(query, { $0.timestamp(0) }) else {
            throw Failure.notFound("tenant", Tenant.first.number)
        }
        return origin
    }

    /// Sees to it that the first tenant and a key that may do everything exist. Call it before the server starts.
    ///
    /// - parameter text: the key that an administrator chose; it replaces the one chosen before. Without it a random
    ///   key is made when there is none at all.
    /// - returns: the text of a random key that was made, to be shown once; nil when there was nothing to make.
    /// - throws: ``Failure`` `weak_admin_key` when the text has fewer than 32 or more than 256 visible ASCII
    ///   characters.
    public func ensureAdmin(_ text: String?) async throws -> String? {
        if let text, !KeyText.isPossible(text) {
            throw Failure(
                .invalid, code: "weak_admin_key",
                "MILLRACE_ADMIN_KEY needs 32 to 256 visible ASCII characters without spaces.")
        }
        let context = ChangeContext(tenant: .first, actor: "system")
        return try await log.write(context) { [self] unit in
            let transaction = unit.transaction
            try ensureFirstTenant(in: unit)
            let keys: SQL = "SELECT id FROM api_keys WHERE tenant = \(Tenant.first) AND revoked_at IS NULL"
            guard let text else {
                if try transaction.exists(keys) { return nil }
                return try create(name: "admin", scopes: .all, in: unit).text
            }
            if try isCurrent(text, in: transaction) { return nil }
            let chosen = try transaction.rows(keys + " AND name = \(Self.chosenName)") { try $0.identifier(0) }
            for id in chosen { try revoke(id, in: unit) }
            _ = try create(name: Self.chosenName, scopes: .all, text: text, in: unit)
            return nil
        }.value
    }

    /// What the key that an administrator chose is called.
    private static var chosenName: String { "admin (MILLRACE_ADMIN_KEY)" }

    private func isCurrent(_ text: String, in transaction: any ReadTransaction) throws -> Bool {
        let hash = SQLValue.bytes(Array(KeyText.hash(text)))
        return try transaction.exists("SELECT id FROM api_keys WHERE hash = \(hash) AND revoked_at IS NULL")
    }
}
