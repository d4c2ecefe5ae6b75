public import Core

/// When a failed delivery is tried again.
public struct RetryPolicy: Sendable, Equatable {
    /// How the delay grows from one attempt to the next.
    public enum Strategy: String, Sendable, CaseIterable {
        /// Twice as long each time.
        case exponential
        /// Longer by the first delay each time.
        case linear
        /// The same each time.
        case fixed
    }

    /// How the delay grows.
    public var strategy = Strategy.exponential
    /// How many attempts are made, the first one included; a schedule says it by its length.
    public var maximumAttempts = 8
    /// The delay after the first attempt, in milliseconds.
    public var initialDelay: Int64 = 1_000
    /// The longest delay, in milliseconds.
    public var maximumDelay: Int64 = 60_000
    /// The delays in seconds, one after each failed attempt, in place of a strategy. Over several days it can hold out
    /// while a receiver is away.
    public var schedule: [Int64] = []

    /// How many attempts are allowed.
    public static let attemptLimits: ClosedRange<Int64> = 1...100
    /// How long one delay may be, in milliseconds: a week.
    public static let delayLimits: ClosedRange<Int64> = 1...604_800_000

    /// The policy of who says nothing: eight attempts within two minutes.
    public init() {}

    /// How many attempts there are in all.
    public var attempts: Int { schedule.isEmpty ? maximumAttempts : schedule.count + 1 }

    /// How long to wait after an attempt, in milliseconds, at random up to the full delay (full jitter: M. Brooker,
    /// "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), so that those who failed together do not return
    /// together. A delay of a schedule varies by a tenth only, since somebody chose it.
    ///
    /// - parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - share: a random number from 0 to 1.
    /// - returns: nil when there is no further attempt.
    public func delay(after attempt: Int, share: Double) -> Int64? {
        guard attempt < attempts else { return nil }
        if !schedule.isEmpty {
            let delay = Double(schedule[attempt - 1] * 1_000)
            return Int64(delay * (0.9 + 0.1 * share))
        }
        return max(1, Int64(Double(fullDelay(after: attempt)) * share))
    }

    /// The longest delay after an attempt, in milliseconds.
    public func fullDelay(after attempt: Int) -> Int64 {
        let delay: Int64
        switch strategy {
        case .exponential: delay = initialDelay << min(attempt - 1, 30)
        case .linear: delay = initialDelay * Int64(attempt)
        case .fixed: delay = initialDelay
        }
        // A shift by 30 of a week does not fit, and then it is beyond every limit.
        return delay < initialDelay ? maximumDelay : min(delay, maximumDelay)
    }
}

extension RetryPolicy {
    /// Reads a policy; members that are missing keep their default.
    init(_ fields: inout JSONFields) {
        self.init()
        strategy = fields.optionalChoice("strategy", Strategy.self) ?? strategy
        maximumAttempts =
            fields.optionalInteger("max_attempts", in: Self.attemptLimits).map(Int.init) ?? maximumAttempts
        initialDelay = fields.optionalInteger("initial_delay_ms", in: Self.delayLimits) ?? initialDelay
        maximumDelay = fields.optionalInteger("max_delay_ms", in: Self.delayLimits) ?? max(maximumDelay, initialDelay)
        if maximumDelay < initialDelay { fields.reject("max_delay_ms", "It must not be less than initial_delay_ms.") }
        // The first attempt comes before the first delay.
        let limit = Int(Self.attemptLimits.upperBound) - 1
        guard let values = fields.optionalValues("schedule_s", count: 0...limit) else { return }
        schedule = values.compactMap { value in
            guard case .number(let text) = value, let seconds = Int64(text), (1...604_800).contains(seconds) else {
                fields.reject("schedule_s", "Whole seconds from 1 to 604800 are expected.")
                return nil
            }
            return seconds
        }
    }
}

extension RetryPolicy: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("strategy", strategy.rawValue)
            json.member("max_attempts", attempts)
            json.member("initial_delay_ms", initialDelay)
            json.member("max_delay_ms", maximumDelay)
            if !schedule.isEmpty { json.member("schedule_s", array: schedule) }
        }
    }
}
