import Crypto
import Synchronization
public import Telemetry

/// What a value is made of, as the SHA-256 of it.
public struct ContentKey: Hashable, Sendable {
    private let digest: [UInt8]

    /// The key of some texts in their order.
    public init(_ texts: String...) {
        var hash = SHA256()
        for text in texts {
            // With the lengths before them, no two lists of texts come to the same bytes.
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: Array(text.utf8))
        }
        digest = Array(hash.finalize())
    }
}

/// Values that are made of a content and nothing else, so that they are never out of date, within a number of bytes.
public final class ContentCache<Value: Sendable>: Sendable {
    private let entries: Mutex<S3FIFO<ContentKey, Value>>
    private let hits: Counter
    private let misses: Counter

    /// - parameters:
    ///   - name: what it is called in metrics.
    ///   - capacity: how many bytes it may take; 0 keeps nothing.
    public init(_ name: String, capacity: Int, metrics: MetricsRegistry) {
        entries = Mutex(S3FIFO(capacity: capacity))
        (hits, misses) = CacheMetrics.lookups(name, metrics)
        CacheMetrics.onCollect(name, metrics) { [weak self] in
            self?.entries.withLock { ($0.bytes, $0.evictions) } ?? (0, 0)
        }
    }

    /// The value of a content, if it is there.
    public func find(_ key: ContentKey) -> Value? {
        let value = entries.withLock { $0.find(key) }
        if value == nil { misses.increment() } else { hits.increment() }
        return value
    }

    /// Keeps a value.
    ///
    /// - parameter cost: how many bytes it takes. What would take more than a tenth of all is not kept.
    public func insert(_ value: Value, for key: ContentKey, cost: Int) {
        entries.withLock { _ = $0.insert(value, for: key, cost: cost) }
    }
}
