import Learning

/// Chooses items that fit and differ from each other: maximal marginal relevance (Carbonell and Goldstein 1998).
///
/// One after the other the item is taken with the greatest (1 - d) · score - d · likeness to the most alike of those
/// that were taken, where scores are from 0 to 1 and likeness is that of attributes.
struct Diversity {
    /// d, from 0 to 1.
    let share: Double
    let content: ContentModel

    /// The best of some candidates, the best first.
    ///
    /// - parameter candidates: the best first; the first of them has the highest score.
    func choose(_ count: Int, of candidates: [Candidate]) -> [Candidate] {
        guard share > 0, let highest = candidates.first?.score, highest > 0 else {
            return Array(candidates.prefix(count))
        }
        var left = candidates.map { (candidate: $0, likeness: Float(0)) }
        var chosen: [Candidate] = []
        let share = Float(share)
        while chosen.count < count, !left.isEmpty {
            var best = 0
            var bestValue = -Float.infinity
            for (place, entry) in left.enumerated() {
                let value = (1 - share) * entry.candidate.score / highest - share * entry.likeness
                if value > bestValue { (best, bestValue) = (place, value) }
            }
            let taken = left.remove(at: best).candidate
            chosen.append(taken)
            let profile = content.profile(of: [HistoryEntry(item: taken.slot)])
            guard !profile.isEmpty else { continue }
            for place in left.indices {
                left[place].likeness = max(
                    left[place].likeness, content.similarity(of: left[place].candidate.slot, to: profile))
            }
        }
        return chosen
    }
}
