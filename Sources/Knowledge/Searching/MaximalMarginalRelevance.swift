/// Orders vectors so that each is like what is searched for and unlike those before it (Carbonell and Goldstein, "The
/// Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries", SIGIR 1998).
///
/// The next one is the one with the most of lambda times its likeness to the query, less 1 - lambda times its greatest
/// likeness to any that was taken before.
struct MaximalMarginalRelevance {
    /// How much likeness counts against variety, from 0 to 1.
    let lambda: Double

    /// The places of the first ones in their new order, with what each scored as it was taken.
    ///
    /// - parameters:
    ///   - relevances: how like each is to the query.
    ///   - similarity: how alike two are, by their places.
    ///   - limit: how many are wanted at most.
    func order(
        _ relevances: [Double], limit: Int, similarity: (Int, Int) -> Double
    ) -> [(place: Int, score: Double)] {
        var order: [(place: Int, score: Double)] = []
        var rest = Array(relevances.indices)
        var nearest = [Double](repeating: 0, count: relevances.count)
        func score(_ place: Int) -> Double {
            lambda * relevances[place] - (order.isEmpty ? 0 : (1 - lambda) * nearest[place])
        }
        while order.count < limit, var best = rest.indices.first {
            for index in rest.indices where score(rest[index]) > score(rest[best]) { best = index }
            let taken = rest.remove(at: best)
            let value = score(taken)
            for place in rest {
                let likeness = similarity(place, taken)
                nearest[place] = order.isEmpty ? likeness : max(nearest[place], likeness)
            }
            order.append((taken, value))
        }
        return order
    }
}
