/// Whether a server that failed is to be left alone: after too many failures nobody asks it for a while, then a few
/// ask, and what comes of that decides (Michael Nygard, "Release It!", 2007).
///
/// A value: time comes in as an argument, as the duration since some moment.
public struct CircuitBreaker: Sendable {
    /// When it opens, and for how long.
    public struct Policy: Sendable {
        /// How many of the latest outcomes count, at most 64.
        let window: Int
        /// How many outcomes there must be before it opens.
        let minimum: Int
        /// The share of failures among them that opens it, from 0 to 1.
        let failureShare: Double
        /// How long it is open for the first time; each failed attempt doubles that.
        let shortestPause: Duration
        /// How long it is open at most.
        let longestPause: Duration
        /// How many may ask before it is closed again; all of them must be answered.
        let probes: Int

        /// A policy by its numbers, each held within what makes sense.
        public init(
            window: Int, minimum: Int, failureShare: Double, shortestPause: Duration, longestPause: Duration,
            probes: Int = 1
        ) {
            self.window = min(max(1, window), 64)
            self.minimum = min(max(1, minimum), self.window)
            self.failureShare = failureShare
            self.shortestPause = shortestPause
            self.longestPause = max(shortestPause, longestPause)
            self.probes = max(1, probes)
        }

        /// It opens after a number of failures in a row.
        public static func consecutive(
            _ failures: Int, shortestPause: Duration, longestPause: Duration
        ) -> Policy {
            Policy(
                window: failures, minimum: failures, failureShare: 1, shortestPause: shortestPause,
                longestPause: longestPause)
        }

        /// For somebody else's server: it opens when 3 of the latest 5 attempts failed, over at least 10 of them, and
        /// leaves the server alone for a second to a minute.
        public static let destination = Policy(
            window: 20, minimum: 10, failureShare: 0.6, shortestPause: .seconds(1), longestPause: .seconds(60))
    }

    /// What is allowed at present.
    public enum State: Sendable, Equatable {
        /// Everybody may ask.
        case closed
        /// Nobody may ask until then.
        case open(until: Duration)
        /// Some ask. If nothing is heard of them by then, others may.
        case halfOpen(until: Duration, asked: Int, answered: Int)
    }

    /// What is allowed at present.
    public private(set) var state = State.closed
    private let policy: Policy
    private var pause: Duration
    /// The latest outcomes, the last one in the lowest bit: 1 is a failure.
    private var failures: UInt64 = 0
    private var outcomes = 0

    /// A breaker that lets everybody ask.
    public init(_ policy: Policy) {
        self.policy = policy
        pause = policy.shortestPause
    }

    /// Whether nobody is kept from asking.
    public var isClosed: Bool { state == .closed }

    /// When somebody may ask; nil when somebody may now.
    public func retryTime(at now: Duration) -> Duration? {
        switch state {
        case .closed: nil
        case .halfOpen(_, let asked, _) where asked < policy.probes: nil
        case .open(let until), .halfOpen(let until, _, _): until > now ? until : nil
        }
    }

    /// Whether the caller may ask now. Whoever may must tell what came of it, or give it back.
    public mutating func admit(at now: Duration) -> Bool {
        guard retryTime(at: now) == nil else { return false }
        switch state {
        case .closed: break
        case .halfOpen(let until, let asked, let answered) where asked < policy.probes:
            state = .halfOpen(until: until, asked: asked + 1, answered: answered)
        case .open, .halfOpen:
            state = .halfOpen(until: now + pause, asked: 1, answered: 0)
        }
        return true
    }

    /// Somebody was answered.
    public mutating func succeed() {
        switch state {
        case .closed: note(failed: false)
        case .halfOpen(let until, let asked, let answered) where answered + 1 < policy.probes:
            state = .halfOpen(until: until, asked: asked, answered: answered + 1)
        case .halfOpen:
            state = .closed
            pause = policy.shortestPause
            (failures, outcomes) = (0, 0)
        // What was asked before it opened says nothing of now.
        case .open: break
        }
    }

    /// Somebody was not answered.
    public mutating func fail(at now: Duration) {
        switch state {
        case .closed:
            note(failed: true)
            guard outcomes >= policy.minimum,
                Double(failures.nonzeroBitCount) >= policy.failureShare * Double(outcomes)
            else { return }
            state = .open(until: now + pause)
        case .halfOpen:
            pause = min(pause * 2, policy.longestPause)
            state = .open(until: now + pause)
        case .open: break
        }
    }

    /// Somebody who might ask did not, or nothing was learnt by it; another may instead.
    public mutating func release() {
        guard case .halfOpen(let until, let asked, let answered) = state else { return }
        state = .halfOpen(until: until, asked: max(answered, asked - 1), answered: answered)
    }

    private mutating func note(failed: Bool) {
        let mask = policy.window == 64 ? UInt64.max : 1 << UInt64(policy.window) - 1
        failures = (failures << 1 | (failed ? 1 : 0)) & mask
        outcomes = min(outcomes + 1, policy.window)
    }
}
