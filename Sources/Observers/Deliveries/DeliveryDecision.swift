import Core

/// What becomes of a delivery after an attempt.
struct DeliveryDecision: Equatable, Sendable {
    /// Its state from now on.
    let state: Delivery.State
    /// How many attempts have been made.
    let attempts: Int
    /// When the next one is due; the epoch where there is none.
    let dueAt: Timestamp
    /// Why the attempt failed.
    let failure: DeliveryFailure?
    /// Whether the observer is paused, because the receiver wants no more.
    var pausesObserver = false

    /// Whether the next of its lane may begin.
    var isDone: Bool { [.delivered, .dead, .dropped].contains(state) }

    /// The decision after an attempt that arrived.
    init(delivered attempts: Int) {
        state = .delivered
        self.attempts = attempts
        dueAt = Timestamp(microseconds: 0)
        failure = nil
    }

    /// The decision after an attempt that found nothing to be done.
    init(unwanted attempts: Int) {
        state = .dropped
        self.attempts = attempts
        dueAt = Timestamp(microseconds: 0)
        failure = nil
    }

    /// The decision after one that failed.
    ///
    /// - parameters:
    ///   - attempts: how many have been made, this one included.
    ///   - share: a random number from 0 to 1, by which those who failed together do not return together.
    init(
        _ failure: DeliveryFailure, attempts: Int, retry: RetryPolicy, onFailure: FailurePolicy, at now: Timestamp,
        share: Double
    ) {
        self.failure = failure
        self.attempts = attempts
        if failure.isGone {
            // Nothing is wrong with the event: it goes on when somebody resumes the observer.
            state = .waiting
            dueAt = Timestamp(microseconds: 0)
            pausesObserver = true
            return
        }
        guard !failure.isPermanent, let delay = retry.delay(after: attempts, share: share) else {
            state = onFailure == .drop ? .dropped : .dead
            dueAt = Timestamp(microseconds: 0)
            return
        }
        let asked = Int64(min(failure.retryAfter ?? 0, Self.longestRetryAfter)) * 1_000
        state = .retrying
        dueAt = Timestamp(microseconds: now.microseconds + max(delay, asked) * 1_000)
    }

    /// How many seconds of `Retry-After` are honoured at most: a day.
    static let longestRetryAfter = 86_400
}
