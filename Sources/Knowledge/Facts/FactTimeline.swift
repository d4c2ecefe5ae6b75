import Core

/// The rules by which a fact ends those that it contradicts, or is ended by them.
///
/// They are those of Graphiti (`graphiti_core/utils/maintenance/edge_operations.py`), with what it leaves to a model
/// decided by the time of writing:
///
/// - A fact begins with its `valid_at`; without one it begins when it became known.
/// - Facts that do not hold at the same time leave each other alone.
/// - Of two that do, the one that begins earlier ends where the other begins, and is known to be over (`expired_at`)
///   from now on. Of two that begin at once, the one that was there ends.
/// - Nothing is deleted, and a fact that was taken back altogether (expired with no end) takes no part.
enum FactTimeline {
    /// Brings a fact and those that it contradicts into line.
    ///
    /// - parameters:
    ///   - fact: the fact that is written.
    ///   - others: those that it contradicts.
    ///   - now: when it is written.
    /// - returns: those of the others that have changed.
    static func settle(_ fact: inout GraphEdge, against others: [GraphEdge], at now: Timestamp) -> [GraphEdge] {
        var changed: [GraphEdge] = []
        for other in others where !isTakenBack(other) && !isTakenBack(fact) && overlap(fact, other) {
            if beginning(of: other) <= beginning(of: fact) {
                var other = other
                end(&other, where: beginning(of: fact), at: now)
                changed.append(other)
            } else {
                end(&fact, where: beginning(of: other), at: now)
            }
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

    private static func isTakenBack(_ fact: GraphEdge) -> Bool { fact.expiredAt != nil && fact.invalidAt == nil }

    private static func end(_ fact: inout GraphEdge, where moment: Timestamp, at now: Timestamp) {
        fact.invalidAt = moment
        fact.expiredAt = fact.expiredAt ?? now
    }
}
