import ChangeLog
import Core
import Storage
import Synchronization
import TestKit

/// A program of somebody else that keeps what it reads in Redis, and notes what it keeps under a tag.
final class CachingReader: Sendable {
    private let redis: RedisServer
    private let fixture: RoleFixture
    private let reads = Mutex(0)

    init(redis: RedisServer, fixture: RoleFixture) {
        self.redis = redis
        self.fixture = fixture
    }

    /// How often it had to ask the database.
    var count: Int { reads.withLock { $0 } }

    /// The status of an order, from the cache if that has it.
    func status(of order: Identifier) async throws -> String? {
        let key = "seen:\(order)"
        if let kept = try await redis.run("GET", key).first, !kept.isEmpty { return kept }
        reads.withLock { $0 += 1 }
        let image = try await fixture.store.database.read { transaction in
            try transaction.first(
                "SELECT after_image FROM changes WHERE entity_id = \(order) ORDER BY position DESC LIMIT 1"
            ) { $0.bytes(0) }
        }
        guard let status = try image.flatMap({ try JSONParser.parse($0)["status"]?.string }) else { return nil }
        _ = try await redis.run("SET", key, status)
        _ = try await redis.run("SADD", "millrace:tag:order:\(order)", key)
        return status
    }
}
