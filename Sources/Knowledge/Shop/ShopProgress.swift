import ChangeLog
import Core
import Storage

/// How far the shop has been taken over, and how far the log goes back.
struct ShopProgress: Sendable {
    /// Every change up to here is taken over.
    let position: LogPosition
    /// The reading of the tables that goes on; nil when none does.
    let reading: ShopReading?
    /// Every change after this position is still there.
    let start: LogPosition
    /// From where on retention keeps changes for it; nil when it does not.
    let kept: LogPosition?

    init(in transaction: any ReadTransaction) throws {
        position =
            try transaction.first("SELECT position FROM graph_feeds WHERE name = \(ShopFeed.actor)") { $0.position(0) }
            ?? .start
        reading = try ShopReading(ShopFeed.actor, in: transaction)
        start = try ChangeLog.start(in: transaction)
        kept = try ChangeLog.followers(in: transaction).first { $0.name == ShopFeed.actor }?.position
    }

    /// Stores that every change up to a position is taken over.
    static func save(_ position: LogPosition, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO graph_feeds (name, position) VALUES (\(ShopFeed.actor), \(position))
            ON CONFLICT (name) DO UPDATE SET position = excluded.position
            """)
    }
}
