import Core

extension VectorIndex {
    /// The vectors nearest to another one, the nearest first. There are `k` of them when so many may be found.
    ///
    /// - throws: ``Failure`` `invalid_request` when the vector does not fit, `too_many_searches`, or `vectors_on_disk`.
    public func search(_ search: VectorSearch) throws -> [VectorHit] {
        let query = try prepare(search.vector)
        let memory = memory
        guard memory.keepsVectors else { throw Self.needsSource }
        return try memory.readers.read { scratch in
            var ranked: [RankedLabel] = []
            // What was found may have gone before it is ranked, and then others would have been found.
            for _ in 0..<Self.attempts {
                let labels = memory.candidates(query, search, parameters.searchBreadth, &scratch)
                ranked = memory.rank(labels) { memory.distance(query, $0, code: scratch.code) }
                guard ranked.count < min(search.k, labels.count) else { break }
            }
            return self.hits(ranked, search)
        }
    }

    /// How often a search is made at most of which too little is left.
    private static let attempts = 3

    /// The vectors nearest to another one as ``search(_:)`` finds them, with vectors that are read when they are not in
    /// memory.
    public func search(_ search: VectorSearch, reading source: VectorSource) throws -> [VectorHit] {
        let memory = memory
        if memory.hasAllVectors { return try self.search(search) }
        let query = try prepare(search.vector)
        let labels: [UInt32]
        if search.isExact {
            labels = memory.labels(among: search.allowed)
        } else {
            labels = try memory.readers.read { scratch in
                memory.candidates(query, search, parameters.searchBreadth, &scratch)
            }
        }
        return hits(try ranked(labels, k: search.k, reading: source) { memory.distance(query, $0) }, search)
    }

    /// The scores of some labels for a vector, the best first. Labels without a vector are left out.
    ///
    /// - throws: ``Failure`` as ``search(_:)``.
    public func scores(_ vector: [Float], of labels: [UInt32]) throws -> [VectorHit] {
        let query = try prepare(vector)
        let memory = memory
        guard memory.keepsVectors else { throw Self.needsSource }
        return try memory.readers.read { scratch in
            memory.encode(query, &scratch)
            let ranked = memory.rank(labels) { memory.distance(query, $0, code: scratch.code) }
            return hits(ranked, VectorSearch(vector, k: labels.count))
        }
    }

    /// The labels with the greatest values of a function of their vectors, the greatest first: for questions that are
    /// about more than one vector. Each vector that is allowed is looked at.
    ///
    /// - parameters:
    ///   - scoring: the value of a vector as the metric stores it.
    /// - throws: ``Failure`` `too_many_searches` or `vectors_on_disk`.
    public func best(
        _ k: Int, among allowed: NodeSet? = nil, scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit] {
        let memory = memory
        guard memory.keepsVectors else { throw Self.needsSource }
        return try memory.best(k, among: allowed, scoring: scoring)
    }

    /// How many of the best by their codes are read to be looked at, for each that is wanted.
    private static let readFactor = 4

    /// The labels with the greatest values of a function of their vectors, as ``best(_:among:scoring:)`` finds them, by
    /// their codes first when vectors are not in memory.
    public func best(
        _ k: Int, among allowed: NodeSet? = nil, reading source: VectorSource,
        scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit] {
        let memory = memory
        if memory.hasAllVectors { return try best(k, among: allowed, scoring: scoring) }
        let k = min(max(k, 0), memory.count)
        let candidates = try memory.best(Self.readFactor * k, among: allowed, scoring: scoring).map(\.label)
        return try ranked(candidates, k: k, reading: source) { vector in
            -vector.withUnsafeBufferPointer { scoring($0) }
        }.map { VectorHit(label: $0.label, score: -$0.distance) }
    }

    private func hits(_ ranked: [RankedLabel], _ search: VectorSearch) -> [VectorHit] {
        let metric = parameters.graph.metric
        let hits = ranked.prefix(max(0, search.k)).map {
            VectorHit(label: $0.label, score: metric.score(ofDistance: $0.distance))
        }
        guard let threshold = search.scoreThreshold else { return hits }
        return hits.filter { metric.prefersGreaterScores ? $0.score >= threshold : $0.score <= threshold }
    }

    static var needsSource: Failure {
        .internal("The vectors of this index are on disk: it must be searched with a source of them.")
    }
}
