extension HybridModel {
    /// The factors of somebody with a history, of which later items count more; nil where no factors were learnt, or
    /// of nothing in the history. The greater their scalar product with those of an item, the better it fits.
    public func factors(of history: [HistoryEntry]) -> [Float]? {
        let known = history.filter { $0.isValid(itemCount: itemCount) }
        guard let factors, !known.isEmpty else { return nil }
        return factors.fold(Recency(exponent: 1).weigh(known, limit: historyLimit))
    }

    /// The factors of an item; nil where none were learnt of it.
    public func factors(ofItem item: Int32) -> [Float]? {
        factors?.factors(ofItem: item).map { Array($0) }
    }
}
