import Core
import Synchronization

/// The destinations of all actions: what those that go to the same one share.
final class Destinations: Sendable {
    /// What tells destinations apart.
    struct Key: Hashable, Sendable {
        let tenant: Tenant
        let name: String
    }

    private struct Entry {
        var state = DestinationState()
        /// Who waits for one to end, the first to be served first.
        var waiting: [(priority: Int, signal: Signal)] = []
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let start = ContinuousClock.now

    private var now: Duration { ContinuousClock.now - start }

    /// How many may be under way at one destination unless an action says otherwise.
    static let defaultConcurrency = 256

    /// Asks for a delivery to begin.
    ///
    /// - parameter signal: is fired once one has ended, when the answer is `full`.
    /// - returns: a wait, from now, in ``DestinationState/Admission/later(_:)``.
    func begin(
        _ key: Key, concurrency: Int?, rate: Int?, priority: Int, signal: Signal
    ) -> DestinationState.Admission {
        let now = now
        return entries.withLock { entries in
            let admission = entries[key, default: Entry()].state.begin(
                concurrency: concurrency ?? Self.defaultConcurrency, rate: rate, at: now)
            switch admission {
            case .granted: return admission
            case .later(let moment): return .later(max(.milliseconds(1), moment - now))
            case .full:
                if entries[key]?.waiting.contains(where: { $0.signal === signal }) == false {
                    entries[key]?.waiting.append((priority, signal))
                }
                return admission
            }
        }
    }

    /// A delivery that was begun has ended.
    ///
    /// - parameter isWell: whether the destination works; nil when nothing was learnt about that.
    func end(_ key: Key, isWell: Bool?) {
        let now = now
        let signal = entries.withLock { entries -> Signal? in
            entries[key]?.state.end(isWell: isWell, at: now)
            guard let waiting = entries[key]?.waiting,
                let first = waiting.indices.min(by: { waiting[$0].priority < waiting[$1].priority })
            else { return nil }
            return entries[key]?.waiting.remove(at: first).signal
        }
        signal?.fire()
    }

    /// Whether a destination is left alone because it fails.
    func isOpen(_ key: Key) -> Bool {
        let now = now
        return entries.withLock { $0[key]?.state.isOpen(at: now) ?? false }
    }
}
