import Core
import Storage

/// How far a feed is, and how far the log goes back.
struct FeedProgress: Sendable {
    /// Every change up to here is taken over.
    let position: LogPosition
    /// The reading of the tables that goes on; nil when none does.
    let reading: FeedReading?
    /// Every change after this position is still there.
    let start: LogPosition
    /// From where on retention keeps changes for it; nil when it does not.
    let kept: LogPosition?

    init(of sink: some FeedSink, in transaction: any ReadTransaction) throws {
        let name = sink.name
        position =
            try transaction.first("SELECT position FROM feeds WHERE name = \(name)") { $0.position(0) } ?? .start
        reading = try FeedReading(of: sink, in: transaction)
        start = try ChangeLog.start(in: transaction)
        kept = try ChangeLog.followers(in: transaction).first { $0.name == name }?.position
    }

    /// Stores that every change up to a position is taken over.
    static func save(_ position: LogPosition, _ name: String, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO feeds (name, position) VALUES (\(name), \(position))
            ON CONFLICT (name) DO UPDATE SET position = excluded.position
            """)
    }
}
