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
        var waiting: [Waiter] = []

        /// Who is told that one has ended: of those that may begin now, the first in rank.
        mutating func nextWaiter() -> Waiter? {
            let free = waiting.indices.filter { state.active < waiting[$0].concurrency }
            return free.min { waiting[$0].priority < waiting[$1].priority }.map { waiting.remove(at: $0) }
        }
    }

    /// An action that waits for a delivery to end.
    private struct Waiter {
        let priority: Int
        /// With how many others it would begin at most.
        let concurrency: Int
        let signal: Signal
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let start = ContinuousClock.now

    private var now: Duration { ContinuousClock.now - start }

    /// How many connections a destination of HTTP has at most.
    private let connections: Int

    /// How many may be under way at one destination where nothing else sets a limit.
    private static let defaultConcurrency = 256

    init(connections: Int) { self.connections = connections }

    /// How many deliveries of a kind may be under way at one destination.
    ///
    /// They are twice as many as are sent at once: one waits for each that is being sent, so that no connection is
    /// idle, and none waits for long. The others wait here, where the first in rank goes first and no attempt has
    /// begun.
    ///
    /// - parameter wanted: what an action says; nil when it says nothing.
    func concurrency(of type: ActionType, wanted: Int?) -> Int {
        let most =
            switch type {
            case .webhook, .slack, .sms, .push: 2 * connections
            case .email: 2
            // Many documents go with one request, and many messages over one connection.
            case .search, .database, .cache, .queue, .log: Self.defaultConcurrency
            }
        return min(wanted ?? most, most)
    }

    /// Asks for a delivery to begin.
    ///
    /// - parameters:
    ///   - concurrency: how many may be under way there at once.
    ///   - rate: how many may begin in a second; nil for no limit.
    ///   - signal: is fired once one has ended, when the answer is `full`.
    /// - returns: a wait, from now, in ``DestinationState/Admission/later(_:)``.
    func begin(
        _ key: Key, concurrency: Int, rate: Int?, priority: Int, signal: Signal
    ) -> DestinationState.Admission {
        let now = now
        return entries.withLock { entries in
            let admission = entries[key, default: Entry()].state.begin(concurrency: concurrency, rate: rate, at: now)
            switch admission {
            case .granted: return admission
            case .later(let moment): return .later(max(.milliseconds(1), moment - now))
            case .full:
                let waiter = Waiter(priority: priority, concurrency: concurrency, signal: signal)
                if let place = entries[key]?.waiting.firstIndex(where: { $0.signal === signal }) {
                    entries[key]?.waiting[place] = waiter
                } else {
                    entries[key]?.waiting.append(waiter)
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
            return entries[key]?.nextWaiter()?.signal
        }
        signal?.fire()
    }

    /// Until when a destination is left alone because it fails; nil when it is not.
    ///
    /// - parameter time: the moment that is now.
    func leftAloneUntil(_ key: Key, at time: Timestamp) -> Timestamp? {
        let now = now
        return entries.withLock { $0[key]?.state.leftAlone(at: now) }.map { until in
            Timestamp(microseconds: time.microseconds + Int64((until - now) / .microseconds(1)))
        }
    }

    /// How many destinations are left alone because they fail.
    var openCount: Int {
        let now = now
        return entries.withLock { entries in entries.values.count { $0.state.isOpen(at: now) } }
    }

    /// Whether a destination is left alone because it fails.
    func isOpen(_ key: Key) -> Bool {
        let now = now
        return entries.withLock { $0[key]?.state.isOpen(at: now) ?? false }
    }
}
