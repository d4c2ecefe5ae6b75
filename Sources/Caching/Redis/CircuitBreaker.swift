import NIOCore

/// Whether a server that failed is to be left alone: after some failures in a row nobody asks it for a while, then one
/// asks, and what comes of that decides (Michael Nygard, "Release It!", 2007).
struct CircuitBreaker: Sendable {
    enum State: Sendable, Equatable {
        /// Everybody may ask. So many failed in a row.
        case closed(failures: Int)
        /// Nobody may ask until then.
        case open(until: NIODeadline)
        /// One asks. If nothing is heard of it by then, another may.
        case halfOpen(until: NIODeadline)
    }

    /// How many failures in a row open it.
    static let threshold = 5
    /// How long it is open for the first time; each failed attempt doubles that.
    static let shortestPause = TimeAmount.milliseconds(500)
    /// How long it is open at most.
    static let longestPause = TimeAmount.seconds(5)

    private(set) var state = State.closed(failures: 0)
    private var pause = Self.shortestPause

    /// Whether nobody is kept from asking.
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// Whether the caller may ask now. Whoever may must tell what came of it.
    mutating func permits(at now: NIODeadline) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until), .halfOpen(let until):
            guard now >= until else { return false }
            state = .halfOpen(until: now + pause)
            return true
        }
    }

    /// Somebody was answered.
    mutating func succeeded() {
        // What was asked before it opened says nothing of now.
        if case .open = state { return }
        state = .closed(failures: 0)
        pause = Self.shortestPause
    }

    /// Somebody was not answered.
    mutating func failed(at now: NIODeadline) {
        switch state {
        case .closed(let failures) where failures + 1 < Self.threshold:
            state = .closed(failures: failures + 1)
        case .closed:
            state = .open(until: now + pause)
        case .halfOpen:
            pause = min(pause * 2, Self.longestPause)
            state = .open(until: now + pause)
        case .open:
            break
        }
    }
}
