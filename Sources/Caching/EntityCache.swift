public import Core
import Synchronization
public import Telemetry

/// The images of entities that were read lately, so that reading one again asks no database.
///
/// An image is valid for a position of the log, not for a time (DESIGN.md, invariant 3): each change of an entity takes
/// its image out before anybody is told of the change, and what was read before is not taken in any more.
public final class EntityCache: Sendable {
    /// Which entity of whom.
    public struct Key: Hashable, Sendable {
        let tenant: Tenant
        let entityType: String
        let id: Identifier

        /// - parameter entityType: as in the change log, for example `order`.
        public init(_ tenant: Tenant, _ entityType: String, _ id: Identifier) {
            self.tenant = tenant
            self.entityType = entityType
            self.id = id
        }
    }

    /// An entity as the API shows it.
    public struct Image: Sendable {
        /// Its JSON.
        public let json: [UInt8]
        /// The version that its `ETag` names.
        public let version: Int64

        public init(json: [UInt8], version: Int64) {
            self.json = json
            self.version = version
        }
    }

    private struct Shard {
        var images: S3FIFO<Key, Image>
        /// By a part of a key's hash, the position of the latest change of an entity with such a hash.
        var changedAt = [LogPosition](repeating: .start, count: EntityCache.slots)
    }

    /// Powers of two, because bits of an identifier choose among them.
    private static let shardCount = 8
    private static let slots = 256

    private let shards: [ShardLock]
    private let hits: Counter
    private let misses: Counter

    /// - parameter settings: ``CachingSettings``.
    public init(settings: SettingsValues = .defaults, metrics: MetricsRegistry) {
        let capacity = settings[CachingSettings.memory] << 20
        shards = (0..<Self.shardCount).map { _ in
            ShardLock(Shard(images: S3FIFO(capacity: capacity / Self.shardCount)))
        }
        let cache = "entities"
        hits = metrics.counter("cache_hits_total", "Look-ups that a cache answered.", labels: ["cache"]).with(cache)
        misses = metrics.counter("cache_misses_total", "Look-ups that a cache did not answer.", labels: ["cache"])
            .with(cache)
        let bytes = metrics.gauge("cache_bytes", "How many bytes a cache takes.", labels: ["cache"]).with(cache)
        let evictions = metrics.observedCounter(
            "cache_evictions_total", "Entries that a cache pushed out to make room.", labels: ["cache"]
        ).with(cache)
        metrics.onCollect { [shards] in
            let counts = shards.map { $0.state.withLock { ($0.images.bytes, $0.images.evictions) } }
            bytes.set(Double(counts.map(\.0).reduce(0, +)))
            evictions.advance(to: Double(counts.map(\.1).reduce(0, +)))
        }
    }

    /// The image of an entity that is valid now, if it is there.
    public func find(_ key: Key) -> Image? {
        let image = shard(key).state.withLock { $0.images.find(key) }
        if image == nil { misses.increment() } else { hits.increment() }
        return image
    }

    /// Takes in an image that was read, unless its entity may have changed since.
    ///
    /// - parameter position: one that the snapshot includes which it was read from.
    public func keep(_ image: Image, for key: Key, readAt position: LogPosition) {
        shard(key).state.withLock { shard in
            guard shard.changedAt[Self.slot(key)] <= position else { return }
            shard.images.insert(image, for: key, cost: image.json.count)
        }
    }

    /// Entities have changed. It must be told before ``ChangeLog`` tells anybody of the position.
    public func remove(_ keys: [Key], changedAt position: LogPosition) {
        for key in keys {
            shard(key).state.withLock { shard in
                let slot = Self.slot(key)
                shard.changedAt[slot] = max(shard.changedAt[slot], position)
                shard.images.remove(key)
            }
        }
    }

    /// The low half of an identifier is random, so its bits spread as well as those of a hash.
    private func shard(_ key: Key) -> ShardLock { shards[Int(truncatingIfNeeded: key.id.low) & (Self.shardCount - 1)] }

    private static func slot(_ key: Key) -> Int { Int(truncatingIfNeeded: key.id.low >> 8) & (slots - 1) }

    private final class ShardLock: Sendable {
        let state: Mutex<Shard>

        init(_ shard: Shard) {
            state = Mutex(shard)
        }
    }
}
