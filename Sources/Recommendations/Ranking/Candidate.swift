import Learning

/// An item that may be recommended.
struct Candidate: Sendable {
    /// Where it is from.
    enum Origin: Sendable {
        /// It is known why.
        case reason(Recommendations.Reason)
        /// What was learnt of histories found it; why is looked up where it is told.
        case ranking(RankedItem)
        /// It is alike.
        case likeness
    }

    let slot: Int32
    /// What it is ranked by.
    var score: Float
    /// Where it is from.
    let origin: Origin
}

extension [Candidate] {
    /// The best first; of equal scores the one that was there first.
    var ranked: [Candidate] {
        sorted { ($0.score, $1.slot) > ($1.score, $0.slot) }
    }
}
