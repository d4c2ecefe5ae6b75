import ChangeLog
import Core
import Crypto
import Synchronization
import Telemetry

/// The keys that were verified since a key last changed, by their hash.
///
/// An entry is good for a generation and not for a time: each change of a key begins a new one as it commits, so a
/// revoked key opens nothing from then on, and a look-up that began before cannot bring it back.
final class CredentialCache: Sendable {
    private struct State {
        var generation = 0
        /// How far the log was when the keys were last thrown away.
        var position = LogPosition.start
        var keys: [SHA256.Digest: APIKey] = [:]

        /// Throws the keys away when one has changed since the last time.
        mutating func follow(_ position: LogPosition) {
            guard position > self.position else { return }
            self.position = position
            beginGeneration()
        }

        mutating func beginGeneration() {
            generation += 1
            keys.removeAll(keepingCapacity: true)
        }
    }

    private let state = Mutex(State())
    private let hits: Counter
    private let misses: Counter

    /// How many keys are kept; the cache starts again when it is full.
    static let limit = 10_000

    private let changes: ChangeMark

    /// - parameter changes: moves with each change of a key, wherever it was made.
    init(_ metrics: MetricsRegistry, changes: ChangeMark) {
        self.changes = changes
        hits = metrics.counter("cache_hits_total", "Look-ups that a cache answered.", labels: ["cache"])
            .with("credentials")
        misses = metrics.counter("cache_misses_total", "Look-ups that a cache did not answer.", labels: ["cache"])
            .with("credentials")
    }

    /// The key of a hash, if it is known.
    func find(_ hash: SHA256.Digest) -> APIKey? {
        let position = changes.position
        let key = state.withLock { state in
            state.follow(position)
            return state.keys[hash]
        }
        if key != nil { hits.increment() }
        return key
    }

    /// The key of a hash, or the generation to give to ``keep(_:_:from:)`` once it is found elsewhere.
    func look(for hash: SHA256.Digest) -> (key: APIKey?, generation: Int) {
        let position = changes.position
        let (key, generation) = state.withLock { state in
            state.follow(position)
            return (state.keys[hash], state.generation)
        }
        if key == nil { misses.increment() } else { hits.increment() }
        return (key, generation)
    }

    /// Keeps a key that was found, unless a key has changed since the look.
    func keep(_ key: APIKey, _ hash: SHA256.Digest, from generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.keys.count >= Self.limit { state.keys.removeAll(keepingCapacity: true) }
            state.keys[hash] = key
        }
    }

    /// A key has changed.
    func invalidate() {
        state.withLock { $0.beginGeneration() }
    }
}
