public import ChangeLog
public import Core
import Crypto
public import Storage
public import Telemetry

/// Who may use the server: keys by tenant, made, listed, revoked and verified.
///
/// Each change of a key is in the change log as the entity `api_key`, without its text or hash.
public struct Credentials: Sendable {
    let log: ChangeLog
    private let cache: CredentialCache

    /// The keys of a database that has ``APISchema``.
    public init(log: ChangeLog, metrics: MetricsRegistry) {
        self.log = log
        cache = CredentialCache(metrics, changes: log.mark(of: ["api_key"]))
    }

    /// The credential of a key's text.
    ///
    /// - throws: ``Failure`` `invalid_credential` when there is no such key, or it was revoked or has ended.
    func verify(_ text: some StringProtocol) async throws -> Credential {
        if let known = try verifyAtOnce(text) { return known }
        let hash = KeyText.hash(text)
        let (_, generation) = cache.look(for: hash)
        // While the primary is away a replica is asked, if it has all that is settled. A key whose revocation the
        // replica lacks opens something until the primary is back and its log was read, and no longer: that change
        // then begins a new generation.
        let found = try await log.read(atLeast: log.head, isForPrimary: true) { try Self.find(hash, in: $0) }
        guard let key = found.value else { throw Self.invalid }
        cache.keep(key, hash, from: generation)
        return try credential(key)
    }

    /// The credential of a key's text if it is known without asking the database; else nil.
    ///
    /// - throws: ``Failure`` `invalid_credential` when the text cannot be a key, or the key was revoked or has ended.
    func verifyAtOnce(_ text: some StringProtocol) throws -> Credential? {
        guard KeyText.isPossible(text) else { throw Self.invalid }
        return try cache.find(KeyText.hash(text)).map(credential)
    }

    private func credential(_ key: APIKey) throws -> Credential {
        guard key.isValid(at: log.time.now()) else { throw Self.invalid }
        return Credential(
            id: key.id, name: key.name, tenant: key.tenant, scopes: key.scopes, expiresAt: key.expiresAt,
            user: key.user)
    }

    /// Makes a key for the tenant of the unit of work.
    ///
    /// - parameters:
    ///   - user: the only user whose memories it is to reach, and nothing else.
    ///   - text: what its holder sends; a random text when nil.
    public func create(
        name: String, scopes: Scopes, expiresAt: Timestamp? = nil, user: Int64? = nil, text: String? = nil,
        in unit: UnitOfWork
    ) throws -> NewAPIKey {
        let text = text ?? KeyText.random()
        let key = APIKey(
            id: unit.makeIdentifier(), tenant: unit.tenant, name: name, scopes: scopes, version: 1,
            createdAt: unit.now, expiresAt: expiresAt, revokedAt: nil, user: user)
        try unit.transaction.execute(
            """
            INSERT INTO api_keys (tenant, id, name, hash, scopes, version, created_at, expires_at, revoked_at, user_id)
            VALUES (\(key.tenant), \(key.id), \(name), \(SQLValue.bytes(Array(KeyText.hash(text)))),
                \(scopes.names.joined(separator: " ")), \(key.version), \(key.createdAt), \(expiresAt),
                \(key.revokedAt), \(user))
            """)
        try unit.recordInsert("api_key", key.id, after: JSONWriter.bytes(of: key))
        unit.transaction.afterCommit { [cache] in cache.invalidate() }
        return NewAPIKey(key: key, text: text)
    }

    /// The keys of a tenant, newest first, revoked ones too.
    public func list(_ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Page<APIKey>
    {
        var query: SQL = "SELECT \(Self.columns) FROM api_keys WHERE tenant = \(tenant)"
        query += try SQL.page([.identifier("id")], descending: true, page)
        let total =
            page.countsTotal
            ? try transaction.first("SELECT COUNT(*) FROM api_keys WHERE tenant = \(tenant)") { $0.integer(0) } : nil
        return Page(fetched: try transaction.rows(query, Self.read), page, total: total) { [.identifier($0.id)] }
    }

    /// The key of an identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> APIKey {
        let query: SQL = "SELECT \(Self.columns) FROM api_keys WHERE tenant = \(tenant) AND id = \(id)"
        guard let key = try transaction.first(query, Self.read) else { throw Failure.notFound("API key", id) }
        return key
    }

    /// Revokes a key: it opens nothing once the unit of work is done. Revoking it again changes nothing.
    ///
    /// - throws: ``Failure`` `not_found`.
    @discardableResult
    public func revoke(_ id: Identifier, in unit: UnitOfWork) throws -> APIKey {
        let before = try find(id, of: unit.tenant, in: unit.transaction)
        guard before.revokedAt == nil else { return before }
        try unit.transaction.execute(
            """
            UPDATE api_keys SET revoked_at = \(unit.now), version = version + 1
            WHERE tenant = \(unit.tenant) AND id = \(id)
            """)
        let after = try find(id, of: unit.tenant, in: unit.transaction)
        try unit.recordUpdate(
            "api_key", id, before: JSONWriter.bytes(of: before), after: JSONWriter.bytes(of: after))
        unit.transaction.afterCommit { [cache] in cache.invalidate() }
        return after
    }

    private static let columns: SQL = "tenant, id, name, scopes, version, created_at, expires_at, revoked_at, user_id"

    private static var invalid: Failure {
        Failure(
            .unauthenticated, code: "invalid_credential",
            "The API key is unknown, was revoked, or has expired. Make one with `millrace keys create`.")
    }

    private static func find(_ hash: SHA256.Digest, in transaction: any ReadTransaction) throws -> APIKey? {
        let bytes = SQLValue.bytes(Array(hash))
        let query: SQL = "SELECT \(columns), hash FROM api_keys WHERE hash = \(bytes)"
        return try transaction.first(query) { row in
            // The engine has compared already; Crypto compares once more in constant time.
            hash == row.bytes(9) ? try read(row) : nil
        } ?? nil
    }

    private static func read(_ row: Row) throws -> APIKey {
        guard let scopes = Scopes(row.text(3).split(separator: " ").map(String.init)) else {
            throw Failure(.internal, code: "corrupt_row", "An API key has scopes that cannot be read.")
        }
        return APIKey(
            id: try row.identifier(1), tenant: Tenant(row.integer(0)), name: row.text(2), scopes: scopes,
            version: row.integer(4), createdAt: row.timestamp(5), expiresAt: row.optionalTimestamp(6),
            revokedAt: row.optionalTimestamp(7), user: row.optionalInteger(8))
    }
}
