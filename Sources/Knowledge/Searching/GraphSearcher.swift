import Core
import Search

/// Looks for elements in the graph of a tenant as it is at one moment.
struct GraphSearcher {
    /// What a method has found, the best first.
    typealias Ranking = (method: SearchMethod, found: [ScoredSlot])

    let graph: GraphSnapshot
    let search: GraphSearch
    /// How many edges lead to the centre from nodes, where somebody else has found that out.
    var distances: [UInt32: Int]?

    /// The elements of a kind that fit best, the best first. Those with the same score come in the order of their ids.
    func run(_ kind: ElementKind, _ section: SectionSearch) throws -> [GraphHit] {
        let index = graph.index(of: kind)
        let allowed = graph.allowed(kind, search.filters)
        var rankings: [Ranking] = []
        for method in SearchMethod.allCases where section.methods.contains(method) {
            func find(_ allowed: NodeSet?, _ breadth: Int) throws -> [ScoredSlot] {
                switch method {
                case .fullText: byWords(index, allowed, breadth)
                case .similarity: try bySimilarity(index, section, allowed, breadth)
                case .breadthFirst: byEdges(kind, section, allowed, breadth, after: rankings)
                }
            }
            // The ranking is to have some to choose from.
            let found =
                search.isForCommunities
                ? try findForCommunities(section, allowed, find) : try find(allowed, 2 * search.limit)
            rankings.append((method, found))
        }
        return try rank(rankings, kind, section)
    }

    // MARK: Methods

    private func byWords(_ index: ElementIndex, _ allowed: NodeSet?, _ breadth: Int) -> [ScoredSlot] {
        index.values.rank(
            search.query, in: IndexedFields.text, among: allowed, limit: breadth, breaking: index.slotOrder) ?? []
    }

    private func bySimilarity(
        _ index: ElementIndex, _ section: SectionSearch, _ allowed: NodeSet?, _ breadth: Int
    ) throws -> [ScoredSlot] {
        guard let embedding = search.embedding else { return [] }
        let hits = try index.search(
            VectorSearch(embedding, k: breadth, among: allowed, scoreThreshold: section.minimumSimilarity))
        return hits.map { ScoredSlot(slot: $0.label, score: $0.score) }.sorted { isBefore($0, $1, index) }
    }

    /// - parameter rankings: what was found otherwise, where the search names no origins.
    private func byEdges(
        _ kind: ElementKind, _ section: SectionSearch, _ allowed: NodeSet?, _ breadth: Int, after rankings: [Ranking]
    ) -> [ScoredSlot] {
        let origins = origins(kind, after: rankings)
        let index = graph.index(of: kind)
        let levels =
            switch kind {
            case .node: walk(section).nodes(from: origins, limit: breadth, where: allowed)
            case .edge: walk(section).edges(from: origins, limit: breadth, where: allowed)
            case .episode: [BreadthFirst.Level]()
            }
        var found: [ScoredSlot] = []
        for level in levels {
            found += index.first(breadth - found.count, of: level.slots)
                .map { ScoredSlot(slot: $0, score: 1 / Float(level.depth)) }
        }
        return found
    }

    private func walk(_ section: SectionSearch) -> BreadthFirst {
        BreadthFirst(
            graph: graph, direction: section.direction, depth: min(section.depth, SectionSearch.depthLimit),
            edges: edgesOfWays())
    }

    /// The edges that a way may lead along; nil are all.
    func edgesOfWays() -> NodeSet? { graph.allowed(.edge, search.filters.ofWays) }

    private func origins(_ kind: ElementKind, after rankings: [Ranking]) -> [UInt32] {
        guard search.origins.isEmpty else {
            return search.origins.compactMap { graph.nodes.slot(of: $0) }.filter { graph.nodes.isThere($0) }
        }
        let found = rankings.flatMap(\.found).map(\.slot)
        guard kind == .edge else { return found }
        // An edge may have been left without its nodes: no way begins there.
        return found.compactMap { graph.adjacency.ends(of: $0)?.source }.filter { graph.nodes.isThere($0) }
    }

    private func isBefore(_ left: ScoredSlot, _ right: ScoredSlot, _ index: ElementIndex) -> Bool {
        left.score == right.score ? index.isBefore(left.slot, right.slot) : left.score > right.score
    }
}
