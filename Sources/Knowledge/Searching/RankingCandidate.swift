public import Core
import Storage

/// What a search has found and a cross-encoder is to rank.
public struct RankingCandidate: Sendable {
    /// What was found, with its score before that.
    let hit: GraphHit
    /// The text that is ranked; never blank, since endpoints refuse such texts.
    public let text: String
}

extension GraphSearch {
    /// Whether an element of a score may be answered.
    func accepts(_ score: Double) -> Bool { minimumScore.map { score >= $0 } ?? true }

    /// What is looked for before a cross-encoder ranks (``Reranker/crossEncoder``): twice as many elements as are
    /// wanted.
    var forRanking: GraphSearch {
        var search = self
        search.limit *= 2
        search.minimumScore = nil
        return search
    }
}

extension KnowledgeRole {
    /// What a cross-encoder is to rank (``Reranker/crossEncoder``): twice as many elements as are wanted, fused by the
    /// ranks that the methods give.
    ///
    /// - parameter past: the graph that is searched; nil is that of now.
    /// - throws: ``Failure`` as ``search(_:_:_:of:in:)``.
    public func searchForRanking(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant, in past: PastGraph?
    ) throws -> [GraphHit] {
        var section = section
        section.reranker = .reciprocalRank
        return try self.search(search.forRanking, kind, section, of: tenant, in: past)
    }

    /// The texts that a cross-encoder ranks of what was found. What has gone by then is left out.
    ///
    /// - parameter documents: the JSON of the elements by their ids.
    public func candidates(
        _ hits: [GraphHit], _ kind: ElementKind, _ documents: [String: [UInt8]]
    ) throws -> [RankingCandidate] {
        try hits.compactMap { hit in
            guard let document = documents[hit.id] else { return nil }
            return RankingCandidate(hit: hit, text: try kind.rankedText(StoredFields(document), of: hit.id))
        }
    }
}

extension GraphSearch {
    /// The candidates that a cross-encoder scores best, the best first and equal ones by their ids.
    ///
    /// - parameter scores: one of each candidate.
    public func ranked(_ candidates: [RankingCandidate], by scores: [Double]) -> [GraphHit] {
        var hits: [GraphHit] = []
        for (candidate, score) in zip(candidates, scores) where accepts(score) {
            let hit = candidate.hit
            hits.append(GraphHit(id: hit.id, score: score, findings: hit.findings, centrality: hit.centrality))
        }
        hits.sort { left, right in left.score == right.score ? left.id < right.id : left.score > right.score }
        return Array(hits.prefix(hitLimit))
    }
}

extension ElementKind {
    /// How many characters of a text are ranked: models read hardly more, and an episode may have a million.
    private static let rankedLength = 8_192

    /// The text of an element that is ranked; its id where there is none but blanks.
    fileprivate func rankedText(_ fields: StoredFields, of id: String) throws -> String {
        let text = String(try rankedText(fields).prefix(Self.rankedLength))
        return text.allSatisfy(\.isWhitespace) ? id : text
    }

    /// What is ranked of an element: what its vector is made of, and the summary of a node.
    private func rankedText(_ fields: StoredFields) throws -> String {
        switch self {
        case .node:
            let node = try GraphNode(fields)
            return node.summary.isEmpty ? node.name : "\(node.name)\n\(node.summary)"
        case .edge: return try GraphEdge(fields).embeddedText
        case .episode: return try GraphEpisode(fields).embeddedText
        }
    }
}
