import Core

/// Decides what a follower does next. It performs nothing itself: its caller does what an action says and reports how
/// it went as the next event.
struct FollowerStateMachine {
    /// What to do next.
    enum Action {
        /// Ask the projection for its position, and the log for its bounds.
        case locate
        /// Have the projection made anew.
        case rebuild
        /// Read the changes after a position.
        case read(after: LogPosition)
        /// Have the projection apply changes and store a position.
        case apply([Change], upTo: LogPosition)
        /// Wait for a change after a position, then read.
        case wait(after: LogPosition)
        /// Do nothing for a while after a failure.
        case pause(Duration)
    }

    /// What happened.
    enum Event {
        /// Where the projection stands, and where the log begins and ends on one snapshot.
        case located(LogPosition?, start: LogPosition, last: LogPosition)
        /// What the log has, or nil when the changes that come next have been deleted.
        case read(ChangeBatch?)
        /// The projection stored what ``Action/apply(_:upTo:)`` gave it.
        case applied(LogPosition)
        /// The projection was made anew.
        case rebuilt
        /// The time to wait is over, or there is a change.
        case waited
        /// The pause is over.
        case paused
        /// The last action failed, and nobody knows how far it came.
        case failed
    }

    /// How far an idle projection's stored position may stay behind: applying nothing would cost a durable write each
    /// time.
    static let storeDistance: Int64 = 10_000

    /// Everything up to here is applied.
    private(set) var position = LogPosition.start
    /// Where the projection would begin again after a crash; nil while nobody knows.
    private(set) var stored: LogPosition?
    private let shortestPause: Duration
    private let longestPause: Duration
    private var failures = 0
    private var isFreshlyRebuilt = false

    /// A follower that pauses after a failure, twice as long after each further one, within bounds.
    init(shortestPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(30)) {
        self.shortestPause = shortestPause
        self.longestPause = longestPause
    }

    /// What to do first.
    func start() -> Action { .locate }

    /// Takes note of what happened and says what to do next.
    mutating func handle(_ event: Event) -> Action {
        switch event {
        case .located(let found, let start, let last): return located(found, start, last)
        case .read(let batch): return read(batch)
        case .applied(let upTo):
            failures = 0
            position = upTo
            stored = upTo
            return .wait(after: position)
        case .rebuilt:
            isFreshlyRebuilt = true
            return .locate
        case .waited: return .read(after: position)
        case .paused: return .locate
        case .failed: return pause()
        }
    }

    private mutating func located(_ found: LogPosition?, _ start: LogPosition, _ last: LogPosition) -> Action {
        defer { isFreshlyRebuilt = false }
        guard let found, found <= last, found >= start else {
            position = .start
            stored = nil
            // Were it rebuilt again at once, a projection that cannot keep its state would turn in a circle.
            return isFreshlyRebuilt ? pause() : .rebuild
        }
        position = found
        stored = found
        return .read(after: found)
    }

    private mutating func read(_ batch: ChangeBatch?) -> Action {
        guard let batch else { return .rebuild }
        let distance = batch.upTo.value - (stored?.value ?? 0)
        guard batch.changes.isEmpty, distance < Self.storeDistance else {
            return .apply(batch.changes, upTo: batch.upTo)
        }
        failures = 0
        position = batch.upTo
        return .wait(after: position)
    }

    private mutating func pause() -> Action {
        failures += 1
        var pause = shortestPause
        for _ in 1..<failures where pause < longestPause { pause = pause * 2 }
        return .pause(min(pause, longestPause))
    }
}
