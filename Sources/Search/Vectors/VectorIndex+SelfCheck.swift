import Core

/// The comparison of searches with what they should have found.
extension VectorIndex {
    /// The part of what a search should find that it finds, from 0 to 1: the search is done as it is and exactly.
    ///
    /// Writes between the two count as misses. Of two vectors that are equally far either may be found.
    ///
    /// - throws: ``Failure`` as ``search(_:)``.
    public func recall(of search: VectorSearch) throws -> Double {
        var exact = search
        exact.isExact = true
        return Self.recall(try self.search(search), of: try self.search(exact))
    }

    /// The same for an index whose vectors are read: it reads all that may be found.
    public func recall(of search: VectorSearch, reading source: VectorSource) throws -> Double {
        var exact = search
        exact.isExact = true
        return Self.recall(
            try self.search(search, reading: source), of: try self.search(exact, reading: source))
    }

    /// The part of what is nearest that was found. Of two vectors that are equally far either may be found.
    public static func recall(_ found: [VectorHit], of exact: [VectorHit]) -> Double {
        guard let last = exact.last else { return 1 }
        let labels = Set(exact.map(\.label))
        let right = found.count { labels.contains($0.label) || $0.score == last.score }
        return min(1, Double(right) / Double(exact.count))
    }
}
