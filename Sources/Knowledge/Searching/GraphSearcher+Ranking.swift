import Core
import Search

extension GraphSearcher {
    /// A slot with what it scores at the end.
    private typealias Ranked = (slot: UInt32, score: Double)

    /// Makes one ranking of several.
    func rank(_ rankings: [Ranking], _ kind: ElementKind, _ section: SectionSearch) throws -> [GraphHit] {
        let index = graph.index(of: kind)
        let fused: [Ranked] = RankFusion.reciprocal(
            rankings.map { $0.found.map(\.slot) }, constant: section.rankConstant
        ).map { ($0.id, $0.score) }.sorted { isBefore($0, $1, index) }
        let ranked: [Ranked] =
            switch section.reranker {
            case .reciprocalRank: fused
            case .marginalRelevance: try byMarginalRelevance(fused, index, section)
            case .nodeDistance: try byDistance(fused, kind)
            case .episodeMentions: byMentions(fused, kind)
            case .centralityBoosted: byCentrality(fused, kind, section)
            case .crossEncoder: throw Self.crossEncoderWaits
            }
        return ranked.prefix(search.hitLimit).filter { search.accepts($0.score) }.map { slot, score in
            GraphHit(
                id: index.id(slot), score: score,
                findings: rankings.compactMap { method, found in
                    found.firstIndex { $0.slot == slot }.map {
                        .init(method: method, rank: $0 + 1, score: Double(found[$0].score))
                    }
                }, centrality: kind == .node ? graph.analysis.centrality(of: slot) : nil)
        }
    }

    private static var crossEncoderWaits: Failure {
        .internal("A search waits for no cross-encoder: have it rank the candidates of the search.")
    }

    private func isBefore(_ left: Ranked, _ right: Ranked, _ index: ElementIndex) -> Bool {
        left.score == right.score ? index.isBefore(left.slot, right.slot) : left.score > right.score
    }

    /// Those with more come first; equal ones stay as they are.
    private func sorted(_ ranked: [Ranked]) -> [Ranked] {
        ranked.enumerated().sorted { left, right in
            left.element.score == right.element.score
                ? left.offset < right.offset : left.element.score > right.element.score
        }.map(\.element)
    }

    /// What has no vector is like nothing.
    private func byMarginalRelevance(
        _ fused: [Ranked], _ index: ElementIndex, _ section: SectionSearch
    ) throws -> [Ranked] {
        guard let embedding = search.embedding else {
            throw Failure.invalid(at: "/query_vector", "The reranker mmr compares vectors: send a query_vector.")
        }
        let query = try VectorMetric.cosine.prepare(embedding, dimensions: embedding.count, at: "/query_vector")
        let vectors = try fused.map { try index.vector(of: $0.slot) ?? [] }
        func cosine(_ left: [Float], _ right: [Float]) -> Double {
            zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let order = MaximalMarginalRelevance(lambda: section.lambda)
            .order(vectors.map { cosine(query, $0) }, limit: search.hitLimit) { cosine(vectors[$0], vectors[$1]) }
        return order.map { (fused[$0.place].slot, $0.score) }
    }

    /// One over one more than the number of edges that lead to the centre; 0 where none do. An edge is as near as the
    /// nearer of its nodes, an episode as near as the nearest that it mentions.
    private func byDistance(_ fused: [Ranked], _ kind: ElementKind) throws -> [Ranked] {
        guard let center = search.center else {
            throw Failure.invalid(
                at: "/center_node_uuid", "The reranker node_distance counts from a node: name it in center_node_uuid.")
        }
        guard let origin = graph.nodes.slot(of: center), graph.nodes.isThere(origin) else {
            throw Failure.invalid(at: "/center_node_uuid", "There is no node of this id.")
        }
        let about = fused.map { nodes(of: $0.slot, kind) }
        let walk = BreadthFirst(graph: graph, direction: .both, depth: .max, edges: edgesOfWays())
        let distances = distances ?? walk.distances(from: origin, to: Set(about.joined()))
        let ranked = zip(fused, about).map { ranked, nodes -> Ranked in
            let nearest = nodes.compactMap { distances[$0] }.min()
            return (ranked.slot, nearest.map { 1 / Double($0 + 1) } ?? 0)
        }
        return sorted(ranked)
    }

    /// The nodes that an element is about.
    private func nodes(of slot: UInt32, _ kind: ElementKind) -> [UInt32] {
        switch kind {
        case .node: [slot]
        case .edge: graph.adjacency.ends(of: slot).map { [$0.source, $0.target] } ?? []
        case .episode: graph.mentions.nodes(of: slot)
        }
    }

    /// How many episodes tell of it.
    private func byMentions(_ fused: [Ranked], _ kind: ElementKind) -> [Ranked] {
        sorted(
            fused.map { ranked in
                switch kind {
                case .node: (ranked.slot, Double(graph.mentions.count(of: ranked.slot)))
                case .edge: (ranked.slot, Double(graph.episodeCounts[Int(ranked.slot)]))
                case .episode: ranked
                }
            })
    }

    private func byCentrality(_ fused: [Ranked], _ kind: ElementKind, _ section: SectionSearch) -> [Ranked] {
        sorted(
            fused.map { ranked in
                let rank = nodes(of: ranked.slot, kind).map { graph.analysis.rank(of: $0) }.max() ?? 0
                return (ranked.slot, ranked.score * (1 + section.centralityFactor * Double(rank)))
            })
    }
}
