import Core

/// The rules by which a fact ends those that it contradicts, or is ended by them.
///
/// They are those of Graphiti (`graphiti_core/utils/maintenance/edge_operations.py`), with what it leaves to a model
/// decided by the time of writing:
///
/// - A fact begins with its `valid_at`; without one it begins when it became known.
/// - Facts that do not hold at the same time leave each other alone.
/// - Of two that do, the one that begins earlier ends where the other begins, and is known to be over (`expired_at`)
///   from now on. Of two that begin at once, the one that was there ends, also when it is written again.
/// - Nothing is deleted, and a fact that was taken back altogether (expired with no end) takes no part.
enum FactTimeline {
    /// Brings a fact and those that it contradicts into line.
    ///
    /// - parameters:
    ///   - fact: the fact that is written.
    ///   - former: what was there under its id.
    ///   - isBefore: whether the fact comes before another one that begins at the same time.
    ///   - others: those that it contradicts.
    ///   - now: when it is written.
    /// - returns: those of the others that have changed.
    static func settle(
        _ fact: inout GraphEdge, replacing former: GraphEdge?, against others: [GraphEdge], at now: Timestamp,
        isBefore: (GraphEdge) -> Bool
    ) -> [GraphEdge] {
        let beginning = beginning(of: fact)
        let (knownEnd, knownExpiry) = (fact.invalidAt, fact.expiredAt)
        var changed: [GraphEdge] = []
        for other in others where !isTakenBack(other) && !isTakenBack(fact) && overlap(fact, other) {
            let start = Self.beginning(of: other)
            if start < beginning || (start == beginning && !isBefore(other)) {
                var other = other
                end(&other, where: beginning, at: now)
                changed.append(other)
            } else {
                end(&fact, where: start, at: now)
            }
        }
        // That it ends there was known before.
        if fact.invalidAt != knownEnd, knownExpiry == nil, let former, former.invalidAt == fact.invalidAt {
            fact.expiredAt = former.expiredAt ?? fact.expiredAt
        }
        return changed
    }

    /// Since when a fact holds.
    static func beginning(of fact: GraphEdge) -> Timestamp { fact.validAt ?? fact.header.createdAt }

    /// Whether there is a moment at which both hold.
    static func overlap(_ left: GraphEdge, _ right: GraphEdge) -> Bool {
        if let end = left.invalidAt, end <= beginning(of: right) { return false }
        if let end = right.invalidAt, end <= beginning(of: left) { return false }
        return true
    }

    /// Whether a fact is known to be that of another edge that says the same: it holds at the same time, or since the
    /// same moment. One that was taken back is told again only by somebody who takes it back too.
    static func isSame(_ fact: GraphEdge, as told: GraphEdge) -> Bool {
        guard !isTakenBack(fact) || isTakenBack(told) else { return false }
        return overlap(fact, told) || (fact.validAt != nil && fact.validAt == told.validAt)
    }

    /// Whether it was never so, as is known now.
    static func isTakenBack(_ fact: GraphEdge) -> Bool { fact.expiredAt != nil && fact.invalidAt == nil }

    private static func end(_ fact: inout GraphEdge, where moment: Timestamp, at now: Timestamp) {
        fact.invalidAt = moment
        fact.expiredAt = fact.expiredAt ?? now
    }
}
