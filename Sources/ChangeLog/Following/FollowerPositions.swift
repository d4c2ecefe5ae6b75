public import Core
public import Storage

/// How far a follower had come when it last said so.
public struct FollowerPosition: Sendable {
    /// The name of its projection.
    public let name: String
    /// It would begin after this position again after a crash.
    public let position: LogPosition
    /// When it said so.
    public let seenAt: Timestamp
}

extension ChangeLog {
    /// The followers that changes are kept for, by name.
    ///
    /// An instance that has not been seen for a day is taken for gone. Should it come back, what it derives is made
    /// anew from the tables. What all instances do together is never taken for gone.
    func neededFollowers(in transaction: any ReadTransaction) throws -> [FollowerPosition] {
        let oldest = time.now().advanced(bySeconds: -Self.absenceLimit)
        return try Self.followers(in: transaction).filter { follower in
            !isShared || follower.seenAt >= oldest || !follower.name.contains(Self.instanceMark)
        }
    }

    /// What stands before the name of an instance in that of its follower.
    private static let instanceMark = "@"

    /// How many seconds an instance may be away before nothing is kept for it.
    private static let absenceLimit: Int64 = 86_400

    /// Every follower that has ever run on this log, by name.
    public static func followers(in transaction: any ReadTransaction) throws -> [FollowerPosition] {
        try transaction.rows("SELECT name, position, seen_at FROM followers ORDER BY name") { row in
            FollowerPosition(name: row.text(0), position: row.position(1), seenAt: row.timestamp(2))
        }
    }

    /// Forgets a follower whose projection this version no longer has, so that it does not hold back retention.
    public func forgetFollower(_ name: String) async throws {
        _ = try await database.write { try $0.execute("DELETE FROM followers WHERE name = \(name)") }
    }

    /// Keeps the changes after a position for work that all instances share, until it is forgotten
    /// (``forgetFollower(_:)``).
    public func keepChanges(after position: LogPosition, for name: String) async throws {
        try await save(name, at: position)
    }

    /// Stores how far a follower is, for retention. The truth about it stays with its projection.
    func saveFollower(_ name: String, at position: LogPosition) async throws {
        // What an instance derives is its own, so each has a position of its own.
        let name = isShared && !instance.isEmpty ? "\(name)\(Self.instanceMark)\(instance)" : name
        try await save(name, at: position)
    }

    private func save(_ name: String, at position: LogPosition) async throws {
        let now = time.now()
        _ = try await database.write(.readCommitted) { transaction in
            try transaction.execute(
                """
                INSERT INTO followers (name, position, seen_at) VALUES (\(name), \(position), \(now))
                ON CONFLICT (name) DO UPDATE SET position = excluded.position, seen_at = excluded.seen_at
                """)
        }
    }
}
