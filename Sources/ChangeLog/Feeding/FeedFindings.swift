import Core
import Storage

/// The places that the reading of a feed has found, as it takes note of them.
struct FeedFindings: Sendable {
    private static let insertion = Insertion(
        into: "feed_findings", "feed, place, position",
        ending: "ON CONFLICT (feed, place) DO UPDATE SET position = excluded.position")

    /// The name of the feed.
    let feed: String

    /// What takes note of some places, as statements that need no answer.
    func notes(_ places: [[UInt8]], at position: LogPosition) -> [SQL] {
        // Names that are written in several ways may be one place, and no statement takes one twice.
        Self.insertion.statements(
            Set(places).flatMap { [feed.sqlValue, .bytes($0), position.sqlValue] })
    }

    /// Those of some places that a reading has not found.
    func missing(_ places: some Collection<FeedPlace>, at position: LogPosition, in transaction: any ReadTransaction)
        throws -> [FeedPlace]
    {
        guard !places.isEmpty else { return [] }
        let found = try transaction.rows(
            """
            SELECT place FROM feed_findings
            WHERE feed = \(feed) AND place = \(each: places.map { SQLValue.bytes($0.bytes) }) AND position = \(position)
            """
        ) { $0.bytes(0) }
        let known = Set(found)
        return places.filter { !known.contains($0.bytes) }
    }

    /// Forgets some of what was found.
    ///
    /// - returns: how much.
    func forget(limit: Int, in transaction: any WriteTransaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM feed_findings WHERE feed = \(feed)
                AND place IN (SELECT place FROM feed_findings WHERE feed = \(feed) LIMIT \(limit))
            """)
    }
}
