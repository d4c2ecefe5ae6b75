import Core

/// When a tenant's model is learnt anew: a value that is told what has happened.
///
/// That is when a part of what there is has come since the last time, or when anything has and much time has passed;
/// and never more than every other moment, so that a tenant who writes much has no more of the machine than another.
struct TrainingSchedule: Sendable {
    /// Which part of what there is has to be new, from 0 to 1.
    let growth: Double
    /// After how long anything new suffices.
    let interval: Duration
    /// How long it rests at least.
    static let leastRest = Duration.seconds(1)

    /// When the last training ended; nil before the first.
    private(set) var lastEnd: ContinuousClock.Instant?
    private var lastDuration = Duration.zero
    /// How many changes there were at the beginning of the last training.
    private var trainedChanges: UInt64 = 0

    init(growth: Double, interval: Duration) { (self.growth, self.interval) = (growth, interval) }

    /// Whether it is time.
    ///
    /// - parameter changes: how many changes there were of items and interactions.
    func isDue(changes: UInt64, now: ContinuousClock.Instant) -> Bool {
        let newChanges = newChanges(of: changes)
        guard newChanges > 0 else { return false }
        guard let lastEnd else { return true }
        guard now >= lastEnd + max(Self.leastRest, lastDuration) else { return false }
        return Double(newChanges) >= growth * Double(changes) || now >= lastEnd + interval
    }

    /// How many of some changes came after the last training began.
    func newChanges(of changes: UInt64) -> UInt64 { changes > trainedChanges ? changes - trainedChanges : 0 }

    /// There is a model from before the process began.
    ///
    /// - parameter changes: how many changes there were when it was begun.
    mutating func restored(at moment: ContinuousClock.Instant, changes: UInt64) {
        (lastEnd, trainedChanges) = (moment, changes)
    }

    /// A training has ended, whatever has come of it.
    mutating func ended(from start: ContinuousClock.Instant, at end: ContinuousClock.Instant, changes: UInt64) {
        (lastEnd, lastDuration, trainedChanges) = (end, end - start, changes)
    }
}
