import Core
import Storage

/// The row of one lease, as one holder asks for it.
///
/// The database alone decides, each time by one conditional statement and by its own clock.
struct LeaseRow: Sendable {
    /// What the lease is for.
    let name: String
    /// Who asks: another text for each instance.
    let holder: String

    /// Takes the lease when nobody has it. One that the holder itself still has, because an answer was lost, it takes
    /// again under a new token, so that whatever it may still do under the old one is refused.
    ///
    /// - parameter now: the clock of the database.
    /// - returns: the token, or nil while somebody else has the lease.
    func acquire(for duration: Duration, now: SQL, in transaction: any WriteTransaction) throws -> Int64? {
        let changed = try transaction.execute(
            """
            INSERT INTO leases (name, holder, token, expires_at)
            VALUES (\(name), \(holder), 1, \(now) + \(Int64(duration / .microseconds(1))))
            ON CONFLICT (name) DO UPDATE
            SET holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at
            WHERE leases.expires_at <= \(now) OR leases.holder = excluded.holder
            """)
        guard changed > 0 else { return nil }
        return try transaction.first("SELECT token FROM leases WHERE name = \(name)") { $0.integer(0) }
    }

    /// Keeps the lease for a further duration from now. Returns false when it is lost or was given back.
    func renew(
        _ token: Int64, for duration: Duration, now: SQL, in transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE leases SET expires_at = \(now) + \(Int64(duration / .microseconds(1)))
            WHERE name = \(name) AND holder = \(holder) AND token = \(token) AND expires_at > 0
            """) > 0
    }

    /// Gives the lease back, so that another may have it at once. The row stays, because tokens go on from it.
    func release(_ token: Int64, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            "UPDATE leases SET expires_at = 0 WHERE name = \(name) AND holder = \(holder) AND token = \(token)")
    }

    /// Whether nobody has taken the lease since it was given under a token.
    func isHeld(by token: Int64, in transaction: any WriteTransaction) throws -> Bool {
        try transaction.exists(
            """
            SELECT 1 FROM leases
            WHERE name = \(name) AND holder = \(holder) AND token = \(token) AND expires_at > 0
            \(transaction.sharedRowLock)
            """)
    }
}

extension ChangeLog {
    /// Ends every lease.
    ///
    /// Only for whoever has the database for itself, such as the process that has locked a data directory: all holders
    /// are gone then, and waiting for their leases to expire would be for nothing. Their tokens stay used.
    public func endLeases() async throws {
        _ = try await database.write { try $0.execute("UPDATE leases SET expires_at = 0") }
    }
}
