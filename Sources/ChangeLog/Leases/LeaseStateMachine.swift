/// Decides when an instance asks for a lease, renews it, and works. It performs nothing itself: its caller does what
/// the actions say, several at the same time, and reports how each went as an event.
///
/// Moments are those of the instance's own monotonic clock, counted from anywhere. A holding counts from before its
/// request was sent, while the database counts from when it ran: so it ends here before it can end there, whatever
/// the clocks show and however late an answer is (Gray and Cheriton, Leases, 1989).
struct LeaseStateMachine: Sendable {
    /// What to ask the database.
    enum Request: Sendable, Equatable {
        case acquire
        case renew(token: Int64)
        case release(token: Int64)
    }

    /// What to do.
    enum Action: Sendable, Equatable {
        /// Ask the database, and report the answer.
        case ask(Request)
        /// Begin the work, and report its end.
        case begin(token: Int64)
        /// Tell the work to stop.
        case stop
        /// Report ``Event/woken`` at a moment or after it, never before.
        case wake(at: Duration)
    }

    /// What happened.
    enum Event: Sendable, Equatable {
        /// The lease is ours. It was asked for at a moment.
        case acquired(token: Int64, asked: Duration)
        /// Somebody else has the lease.
        case refused
        /// The lease stays ours. It was asked for at a moment.
        case renewed(token: Int64, asked: Duration)
        /// The lease is no longer ours.
        case lost(token: Int64)
        /// The lease is given back.
        case released
        /// Nobody knows whether the database did what it was asked.
        case failed(Request)
        /// A time to wait is over.
        case woken
        /// The work has stopped, because it was told to or by itself.
        case ended
        /// The instance is to stop.
        case cancelled
    }

    private enum Phase: Equatable {
        case resting(until: Duration)
        case acquiring
        case holding(token: Int64)
        case stopping(token: Int64)
        case releasing
        case done
    }

    private let duration: Duration
    private var phase = Phase.acquiring
    /// When the work must stop, if nothing renews it.
    private(set) var deadline = Duration.zero
    private var renewal = Duration.zero
    private var isRenewing = false
    private var isCancelled = false

    /// - parameter duration: how long a lease lasts in the database.
    init(duration: Duration) {
        self.duration = duration
    }

    /// Whether it has nothing more to do.
    var isDone: Bool { phase == .done }

    /// How long a holding counts: a tenth less than in the database, in which the work comes to its end.
    var validity: Duration { duration - duration / 10 }
    /// How long after it was asked for a lease is renewed.
    var renewalInterval: Duration { duration / 3 }
    /// How long to rest before asking again.
    var pause: Duration { min(duration / 10, .seconds(1)) }

    /// What to do first.
    func start() -> [Action] { [.ask(.acquire)] }

    /// Takes note of what happened and says what to do.
    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch event {
        case .acquired(let token, let asked): return acquired(token, asked, now)
        case .renewed(let token, let asked) where phase == .holding(token: token):
            isRenewing = false
            return hold(from: asked)
        case .lost(let token) where phase == .holding(token: token): return stop(token)
        case .failed(.renew(let token)) where phase == .holding(token: token):
            isRenewing = false
            renewal = now + pause
            return [.wake(at: renewal)]
        case .refused, .failed(.acquire): return rest(now)
        case .released, .failed(.release):
            phase = .done
            return []
        case .renewed, .lost, .failed(.renew): return []
        case .woken: return woken(now)
        case .ended: return ended(now)
        case .cancelled: return cancelled()
        }
    }

    private mutating func acquired(_ token: Int64, _ asked: Duration, _ now: Duration) -> [Action] {
        if isCancelled { return release(token) }
        // An answer that comes too late is no holding any more.
        guard now < asked + validity else { return rest(now) }
        phase = .holding(token: token)
        isRenewing = false
        return [.begin(token: token)] + hold(from: asked)
    }

    private mutating func hold(from asked: Duration) -> [Action] {
        deadline = asked + validity
        renewal = asked + renewalInterval
        return [.wake(at: renewal), .wake(at: deadline)]
    }

    private mutating func woken(_ now: Duration) -> [Action] {
        switch phase {
        case .holding(let token) where now >= deadline: return stop(token)
        case .holding(let token) where now >= renewal && !isRenewing:
            isRenewing = true
            return [.ask(.renew(token: token))]
        case .resting(let until) where now >= until:
            phase = .acquiring
            return [.ask(.acquire)]
        case .resting, .acquiring, .holding, .stopping, .releasing, .done: return []
        }
    }

    private mutating func ended(_ now: Duration) -> [Action] {
        switch phase {
        case .holding(let token), .stopping(let token): isCancelled ? release(token) : rest(now)
        case .resting, .acquiring, .releasing, .done: []
        }
    }

    private mutating func cancelled() -> [Action] {
        isCancelled = true
        switch phase {
        case .holding(let token): return stop(token)
        case .resting:
            phase = .done
            return []
        // What was asked is answered, and what works comes to its end, before the lease is given back.
        case .acquiring, .stopping, .releasing, .done: return []
        }
    }

    private mutating func stop(_ token: Int64) -> [Action] {
        phase = .stopping(token: token)
        return [.stop]
    }

    private mutating func release(_ token: Int64) -> [Action] {
        phase = .releasing
        return [.ask(.release(token: token))]
    }

    private mutating func rest(_ now: Duration) -> [Action] {
        guard !isCancelled else {
            phase = .done
            return []
        }
        phase = .resting(until: now + pause)
        return [.wake(at: now + pause)]
    }
}
