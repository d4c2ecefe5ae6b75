import Core
import Search

/// Looks for elements in the graph of a tenant in FalkorDB.
///
/// FalkorDB finds them; what they score together is found out here, by ``GraphSearcher`` on a snapshot of nothing but
/// what was found and what the ranking asks of it. So every reranker means the same whoever has the graph.
struct FalkorDBSearcher {
    let search: GraphSearch
    let reader: FalkorDBReader
    let dimensions: Int
    /// The nodes with their communities, where these are wanted.
    let communities: GraphSnapshot?
    /// The nodes with what follows from the graph as a whole, of a moment before.
    let analysis: () -> GraphSnapshot?

    typealias FoundElement = (id: String, score: Float)
    /// What a method has found, the best first.
    typealias Ranking = (method: SearchMethod, found: [FoundElement])
    private typealias Found = [FoundElement]

    /// The elements of a kind that fit best, the best first.
    func run(_ kind: ElementKind, _ section: SectionSearch) throws -> [GraphHit] {
        let rankings =
            if let communities {
                try findForCommunities(section, communities) { try find(kind, section, breadth: $0) }
            } else {
                try find(kind, section, breadth: 2 * search.limit)
            }
        var graph = GraphSnapshot(dimensions: dimensions)
        let slots = rankings.map { method, found in
            (method: method, found: found.map { ScoredSlot(slot: graph.assign($0.id, kind), score: $0.score) })
        }
        var ids: [String] = []
        let index = graph.index(of: kind)
        for slot in 0..<index.limit { ids.append(index.id(slot)) }
        var ranked = search
        // What was found has gone through the filters.
        ranked.filters = GraphFilters()
        let distances = try describe(ids, kind, section, in: &graph)
        return try GraphSearcher(graph: graph, search: ranked, distances: distances).rank(slots, kind, section)
    }

    // MARK: Methods

    /// - parameter breadth: how many elements each method finds at most.
    private func find(
        _ kind: ElementKind, _ section: SectionSearch, breadth: Int
    ) throws -> [Ranking] {
        let filter = FalkorDBFilter(search.filters, kind)
        let words = section.methods.contains(.fullText) ? FalkorDBWords.query(search.query) : nil
        let vector = section.methods.contains(.similarity) ? try preparedEmbedding() : nil
        // What needs nothing of the others is asked in one go.
        var queries: [CypherQuery] = []
        if let words { queries.append(FalkorDBQueries.words(words, kind, filter, limit: breadth)) }
        if let vector {
            queries.append(
                FalkorDBQueries.near(
                    vector, kind, filter, limit: breadth, breadth: filter.isEmpty ? breadth : Self.growth * breadth))
        }
        var replies = try reader.ask(queries)[...]
        var found: [Ranking] = []
        for method in SearchMethod.allCases where section.methods.contains(method) {
            switch method {
            case .fullText:
                let reply = words == nil ? nil : replies.popFirst()
                found.append((method, reply.map(Self.found) ?? []))
            case .similarity:
                guard let vector, var reply = replies.popFirst() else {
                    found.append((method, []))
                    continue
                }
                if !filter.isEmpty, reply.rows.count < breadth {
                    // The filter lets too few through of what the index has given: then all of them are compared.
                    reply = try reader.ask(FalkorDBQueries.nearest(vector, kind, filter, limit: breadth))[0]
                }
                let near = Self.found(reply).map { (id: $0.id, score: 1 - $0.score) }
                found.append((method, near.filter { $0.score >= section.minimumSimilarity }))
            case .breadthFirst: found.append((method, try byEdges(kind, section, filter, breadth, after: found)))
            }
        }
        return found
    }

    /// How many times as many the index of vectors is asked for when a filter lets some through.
    static let growth = 8

    private static func found(_ reply: CypherReply) -> Found {
        reply.rows.map { (id: $0.key(0), score: Float($0.number(1))) }
    }

    private func preparedEmbedding() throws -> [Float]? {
        try search.embedding.map { try VectorMetric.cosine.prepare($0, dimensions: dimensions, at: "/query_vector") }
    }

    /// - parameter found: what was found otherwise, where the search names no origins.
    private func byEdges(
        _ kind: ElementKind, _ section: SectionSearch, _ filter: FalkorDBFilter, _ breadth: Int,
        after found: [Ranking]
    ) throws -> Found {
        guard kind != .episode else { return [] }
        var origins = search.origins
        if origins.isEmpty {
            origins = found.flatMap { $0.found.map(\.id) }
            guard !origins.isEmpty else { return [] }
            if kind == .edge { origins = try reader.ask(FalkorDBQueries.ends(origins))[0].rows.map { $0.key(1) } }
        }
        let walk = FalkorDBWalk(
            reader: reader, step: .init(section.direction, search.filters.ofWays),
            depth: min(section.depth, SectionSearch.depthLimit))
        let reached =
            kind == .node
            ? try walk.nodes(from: origins, limit: breadth, where: filter)
            : try walk.edges(from: origins, limit: breadth, where: filter)
        let scored = reached.map { (id: $0.id, score: 1 / Float($0.depth)) }
        return Array(
            scored.sorted { $0.score == $1.score ? $0.id < $1.id : $0.score > $1.score }.prefix(breadth))
    }

    // MARK: Ranking

    /// Asks of what was found what the ranking needs to know.
    ///
    /// - returns: how many edges lead to the centre from nodes, where that is asked.
    private func describe(
        _ ids: [String], _ kind: ElementKind, _ section: SectionSearch, in graph: inout GraphSnapshot
    ) throws -> [UInt32: Int]? {
        if ids.isEmpty, section.reranker != .nodeDistance { return nil }
        switch section.reranker {
        case .marginalRelevance:
            guard search.embedding != nil else { return nil }
            let index = graph.index(of: kind)
            for row in try reader.ask(FalkorDBQueries.vectors(ids, kind))[0].rows {
                guard let slot = index.slot(of: row.key(0)), case .vector(let vector)? = row.last else { continue }
                try index.vectors.set(vector, label: slot)
            }
        case .episodeMentions:
            switch kind {
            case .node:
                graph.setMentions(try reader.ask(FalkorDBQueries.mentioning(ids))[0])
            case .edge:
                for row in try reader.ask(FalkorDBQueries.ends(ids))[0].rows {
                    graph.episodeCounts.update(Int(graph.assign(row.key(0), .edge))) {
                        $0 = UInt32(clamping: Int(row.number(3)))
                    }
                }
            case .episode: break
            }
        case .nodeDistance:
            guard let center = search.center else { return nil }
            return try distances(from: center, about: ids, kind, in: &graph)
        case .centralityBoosted:
            try setNodes(about: ids, kind, in: &graph)
            graph.takeRanks(from: analysis())
        default: break
        }
        return nil
    }

    /// Takes over which nodes some elements are about.
    private func setNodes(about ids: [String], _ kind: ElementKind, in graph: inout GraphSnapshot) throws {
        switch kind {
        case .node: break
        case .edge:
            for row in try reader.ask(FalkorDBQueries.ends(ids))[0].rows {
                let edge = graph.assign(row.key(0), .edge)
                let ends = Adjacency.Ends(
                    source: graph.assign(row.key(1), .node), target: graph.assign(row.key(2), .node))
                graph.adjacency.set(edge, ends)
            }
        case .episode: graph.setMentions(try reader.ask(FalkorDBQueries.mentioned(ids))[0])
        }
    }

    private func distances(
        from center: String, about ids: [String], _ kind: ElementKind, in graph: inout GraphSnapshot
    ) throws -> [UInt32: Int]? {
        guard try !reader.ask(FalkorDBQueries.presence([center]))[0].rows.isEmpty else { return nil }
        try setNodes(about: ids, kind, in: &graph)
        let origin = graph.assign(center, .node)
        graph.nodes.set(JSONObject(), at: origin)
        let walk = FalkorDBWalk(
            reader: reader, step: .init(.both, search.filters.ofWays), depth: .max)
        // Nobody else is in this snapshot.
        var wanted = Set(0..<graph.nodes.limit)
        wanted.remove(origin)
        var distances: [UInt32: Int] = [origin: 0]
        try walk.levels(from: [center]) { depth, nodes in
            for node in nodes {
                guard let slot = graph.nodes.slot(of: node), wanted.remove(slot) != nil else { continue }
                distances[slot] = depth
            }
            return !wanted.isEmpty
        }
        return distances
    }
}

extension GraphSnapshot {
    /// The slot of an element, which is given one if it has none.
    mutating func assign(_ id: String, _ kind: ElementKind) -> UInt32 {
        switch kind {
        case .node: nodes.assign(id)
        case .edge: edges.assign(id)
        case .episode: episodes.assign(id)
        }
    }

    /// Takes over which episodes mention which nodes: rows with the ids of both.
    fileprivate mutating func setMentions(_ reply: CypherReply) {
        for (episode, rows) in Dictionary(grouping: reply.rows, by: { assign($0.key(0), .episode) }) {
            mentions.set(rows.map { assign($0.key(1), .node) }, by: episode)
        }
    }
}
