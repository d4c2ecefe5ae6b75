import Core
import Synchronization
import Telemetry

/// A key whose bits choose among the parts of a cache.
protocol SpreadKey: Hashable, Sendable {
    /// Bits that differ from key to key.
    var bits: UInt64 { get }
}

/// Images in the memory of this process, within a number of bytes, each with the position at which it was read.
final class MemoryCache<Key: SpreadKey>: Sendable {
    private struct Entry: Sendable {
        let image: CachedImage
        let readAt: LogPosition
    }

    private final class Shard: Sendable {
        let entries: Mutex<S3FIFO<Key, Entry>>

        init(capacity: Int) { entries = Mutex(S3FIFO(capacity: capacity)) }
    }

    /// A power of two.
    private static var shardCount: Int { 8 }

    private let shards: [Shard]
    private let hits: Counter
    private let misses: Counter

    /// - parameters:
    ///   - name: what it is called in metrics.
    ///   - capacity: how many bytes it may take.
    init(_ name: String, capacity: Int, _ metrics: MetricsRegistry) {
        shards = (0..<Self.shardCount).map { _ in Shard(capacity: capacity / Self.shardCount) }
        (hits, misses) = CacheMetrics.lookups(name, metrics)
        CacheMetrics.onCollect(name, metrics) { [shards] in
            shards.reduce(into: (bytes: 0, evictions: 0)) { sum, shard in
                shard.entries.withLock { entries in
                    sum.bytes += entries.bytes
                    sum.evictions += entries.evictions
                }
            }
        }
    }

    /// The image of a key, if it is there and what it was read at is still good.
    ///
    /// - parameter countsMiss: false for one who looks again, or will.
    func find(
        _ key: Key, countsMiss: Bool = true, where isValid: (_ readAt: LogPosition) -> Bool
    ) -> CachedImage? {
        let image = peek(key, where: isValid)
        if image != nil { hits.increment() } else if countsMiss { misses.increment() }
        return image
    }

    private func peek(_ key: Key, where isValid: (_ readAt: LogPosition) -> Bool) -> CachedImage? {
        shard(key).entries.withLock { entries in
            guard let entry = entries.find(key) else { return nil }
            if isValid(entry.readAt) { return entry.image }
            entries.remove(key)
            return nil
        }
    }

    /// Keeps an image unless it is out of date by now. Whoever notes a change and then calls ``remove(_:)`` leaves no
    /// image that is older. Returns whether it is kept.
    @discardableResult func insert(
        _ image: CachedImage, for key: Key, readAt: LogPosition, where isValid: (_ readAt: LogPosition) -> Bool
    ) -> Bool {
        shard(key).entries.withLock { entries in
            guard isValid(readAt) else { return false }
            return entries.insert(Entry(image: image, readAt: readAt), for: key, cost: image.json.count)
        }
    }

    /// Forgets a key.
    func remove(_ key: Key) {
        shard(key).entries.withLock { $0.remove(key) }
    }

    private func shard(_ key: Key) -> Shard { shards[Int(truncatingIfNeeded: key.bits) & (Self.shardCount - 1)] }
}
