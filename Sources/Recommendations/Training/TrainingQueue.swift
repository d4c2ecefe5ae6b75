import Core

/// Whose model is learnt next: a value that is told what there is of each tenant and what has happened.
///
/// Among those whose time has come (``TrainingSchedule``) that is who never had a model, and then who has waited
/// longest. So everybody has a turn before somebody has a second one, however much is written of one of them.
struct TrainingQueue: Sendable {
    /// What there is of a tenant.
    struct Candidate: Sendable {
        let tenant: Tenant
        /// Tells the tenant's index from the one before, of which nothing that is known here is true any more.
        let generation: UInt64
        /// How many changes there were since the index was made.
        let changes: UInt64
        /// How many there were when the model was begun that the tenant has; nil when it has none.
        let learnt: UInt64?
    }

    /// When the index of a tenant is learnt from.
    private struct Known {
        let generation: UInt64
        let schedule: TrainingSchedule
    }

    private let schedule: TrainingSchedule
    private var known: [Tenant: Known] = [:]

    /// - parameter schedule: that of a tenant of whom nothing is known.
    init(_ schedule: TrainingSchedule) { self.schedule = schedule }

    /// Whose turn it is; nil when it is nobody's.
    mutating func next(of candidates: [Candidate], now: ContinuousClock.Instant) -> Tenant? {
        var best: Waiting?
        for candidate in candidates {
            let own = schedule(of: candidate, now: now)
            guard own.isDue(changes: candidate.changes, now: now) else { continue }
            let waiting = (candidate.tenant, own.lastEnd)
            if best.map({ Self.comes(waiting, before: $0) }) ?? true { best = waiting }
        }
        return best?.tenant
    }

    /// A training has ended, whatever has come of it.
    ///
    /// - parameter candidate: what there was when it began.
    mutating func ended(
        _ candidate: Candidate, from start: ContinuousClock.Instant, at end: ContinuousClock.Instant
    ) {
        var own = schedule
        own.ended(from: start, at: end, changes: candidate.changes)
        known[candidate.tenant] = Known(generation: candidate.generation, schedule: own)
    }

    /// How many of a tenant's changes came after its last training began.
    func newChanges(of candidate: Candidate) -> UInt64 {
        find(candidate)?.newChanges(of: candidate.changes) ?? candidate.changes
    }

    private func find(_ candidate: Candidate) -> TrainingSchedule? {
        guard let known = known[candidate.tenant], known.generation == candidate.generation else { return nil }
        return known.schedule
    }

    private mutating func schedule(of candidate: Candidate, now: ContinuousClock.Instant) -> TrainingSchedule {
        if let known = find(candidate) { return known }
        var own = schedule
        if let learnt = candidate.learnt { own.restored(at: now, changes: min(learnt, candidate.changes)) }
        known[candidate.tenant] = Known(generation: candidate.generation, schedule: own)
        return own
    }

    private static func comes(_ left: Waiting, before right: Waiting) -> Bool {
        switch (left.end, right.end) {
        case (let left?, let right?) where left != right: left < right
        case (nil, _?): true
        case (_?, nil): false
        default: left.tenant.number < right.tenant.number
        }
    }

    /// Since when somebody waits; nil is from the beginning.
    private typealias Waiting = (tenant: Tenant, end: ContinuousClock.Instant?)
}
