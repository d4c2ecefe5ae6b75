import Core
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

    /// It with a multiple of its score.
    func multiplied(by factor: Float) -> Candidate { Candidate(slot: slot, score: score * factor, origin: origin) }
}

extension [Candidate] {
    /// The best first; of equal scores the one with the lower slot.
    var ranked: [Candidate] {
        sorted { ($0.score, $1.slot) > ($1.score, $0.slot) }
    }

    /// The best first; of equal scores the one that was there first.
    var reranked: [Candidate] {
        enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }.map(\.element)
    }

    /// With 1 as the score of the best.
    var scaled: [Candidate] {
        guard let highest = map(\.score).max(), highest > 0 else { return self }
        return map { Candidate(slot: $0.slot, score: $0.score / highest, origin: $0.origin) }
    }

    /// They, and behind them those of others that are not among them.
    ///
    /// - parameter others: with scores from 1 to 0.
    func followed(by others: [Candidate]) -> [Candidate] {
        guard let last else { return others }
        let known = Set(map(\.slot))
        let scale = Swift.max(last.score, .leastNormalMagnitude)
        return self + others.filter { !known.contains($0.slot) }.map { $0.multiplied(by: scale) }
    }

    /// The sums of some, each part with 1 as the score of its best and by how much it counts, the best first.
    static func merging(_ parts: [(candidates: [Candidate], weight: Double)]) -> [Candidate] {
        var merged: [Candidate] = []
        var strongest: [Float] = []
        var places: [Int32: Int] = [:]
        for part in parts where part.weight > 0 {
            for candidate in part.candidates.scaled.map({ $0.multiplied(by: Float(part.weight)) }) {
                guard let place = places[candidate.slot] else {
                    places[candidate.slot] = merged.count
                    merged.append(candidate)
                    strongest.append(candidate.score)
                    continue
                }
                let isStronger = candidate.score > strongest[place]
                let origin = isStronger ? candidate.origin : merged[place].origin
                let score = merged[place].score + candidate.score
                merged[place] = Candidate(slot: candidate.slot, score: score, origin: origin)
                strongest[place] = Swift.max(strongest[place], candidate.score)
            }
        }
        return merged.reranked
    }
}
