public import ChangeLog
import Core
import Storage

/// Makes one node of several that are the same thing.
public struct NodeMerger: Sendable {
    /// How many edges and mentions a node takes over at most: all of it is one unit of work, for which others wait.
    public static let limit = 10_000

    private let facts: FactWriter
    private let limit: Int
    private var elements: GraphElements { facts.elements }

    /// A merger of what these facts relate.
    public init(_ facts: FactWriter, limit: Int = Self.limit) {
        self.facts = facts
        self.limit = limit
    }

    /// Lets a node take over others: their edges, their labels, what is known of them that is not known of it, and
    /// their place in episodes. An edge between them goes, and one that says what another of its edges says becomes one
    /// with that.
    ///
    /// - parameter mentions: of the others, as they were found before.
    /// - returns: the node as it is now.
    /// - throws: ``Failure`` `node_not_found`, `merge_too_large` when more than ``limit`` edges and mentions would
    ///   be its.
    public func merge(
        _ others: [String], into id: String, _ mentions: FoundMentions, in unit: UnitOfWork
    ) throws -> GraphNode {
        var gone: Set<String> = []
        let others = others.filter { gone.insert($0).inserted }
        // Whoever writes an episode has locked the nodes that it mentions: it is in the log now, or does not find them.
        let found = try elements.lock(GraphNode.self, [id] + others, in: unit)
        guard var node = found[id] else { throw GraphElements.notFound(.node, id) }
        for other in others {
            guard let other = found[other] else { throw GraphElements.notFound(.node, other) }
            Self.unite(&node, with: other)
        }
        let episodes = try mentions.all(of: gone, in: unit)
        try checkSize(gone, mentionedBy: episodes, in: unit)
        let merged = try elements.put([ElementDraft(node)], in: unit)
        try moveEdges(from: gone, to: id, in: unit)
        try moveMentions(of: episodes, from: gone, to: id, in: unit)
        try elements.delete(GraphNode.self, others, in: unit)
        return merged.first?.element ?? node
    }

    private func checkSize(_ gone: Set<String>, mentionedBy episodes: [String], in unit: UnitOfWork) throws {
        let edges = try elements.edgeCount(of: gone, atMost: limit + 1, unit.tenant, in: unit.transaction)
        guard edges + episodes.count > limit else { return }
        throw Failure.conflict(
            "merge_too_large",
            "A node takes over \(limit) edges and mentions at most. Merge fewer nodes at once, or delete edges and "
                + "episodes that are not needed before.")
    }

    private static func unite(_ node: inout GraphNode, with other: GraphNode) {
        node.labels += other.labels.filter { !node.labels.contains($0) }
        if node.summary.isEmpty { node.summary = other.summary }
        node.attributes = node.attributes.filled(from: other.attributes)
    }

    private func moveEdges(from gone: Set<String>, to id: String, in unit: UnitOfWork) throws {
        func moved(_ node: String) -> String { gone.contains(node) ? id : node }
        var (moving, written, deleted): ([GraphEdge], [String: GraphEdge], [String]) = ([], [:], [])
        for var edge in try elements.edges(of: gone, unit.tenant, in: unit.transaction) {
            let isLoop = edge.source == edge.target
            (edge.source, edge.target) = (moved(edge.source), moved(edge.target))
            if edge.source == edge.target, !isLoop { deleted.append(edge.header.id) } else { moving.append(edge) }
        }
        var known = try facts.known(of: moving, in: unit)
        try known.readClaims(of: moving)
        try known.readStatements(of: moving)
        for edge in moving {
            var edge = edge
            if let same = try known.told(by: edge), FactTimeline.isTakenBack(same) == FactTimeline.isTakenBack(edge) {
                deleted.append(edge.header.id)
                edge = same.told(again: edge)
            }
            known.note(edge)
            written[edge.header.id] = edge
        }
        try elements.delete(GraphEdge.self, deleted, in: unit)
        let drafts = written.values.sorted { $0.header.id < $1.header.id }.map { FactDraft(ElementDraft($0)) }
        _ = try facts.write(drafts, in: unit)
    }

    private func moveMentions(
        of episodes: [String], from gone: Set<String>, to id: String, in unit: UnitOfWork
    ) throws {
        // Episodes may be long, so not all of them are read at once.
        for start in stride(from: 0, to: episodes.count, by: GraphElements.chunk) {
            let chunk = episodes[start..<min(start + GraphElements.chunk, episodes.count)]
            try moveMentions(ofSome: Array(chunk), from: gone, to: id, in: unit)
        }
    }

    private func moveMentions(
        ofSome episodes: [String], from gone: Set<String>, to id: String, in unit: UnitOfWork
    ) throws {
        let found = try elements.lock(GraphEpisode.self, episodes, in: unit)
        let changed = episodes.compactMap { found[$0] }.filter { !gone.isDisjoint(with: $0.mentions) }
        // What was deleted is mentioned no more: an episode is not written with nodes that are not there.
        let mentioned = Set(changed.flatMap(\.mentions)).subtracting(gone).sorted()
        let there = try elements.find(GraphNode.self, mentioned, of: unit.tenant, in: unit.transaction)
        let drafts = changed.map { episode in
            var episode = episode
            var seen: Set<String> = []
            episode.mentions = episode.mentions.map { gone.contains($0) ? id : $0 }
                .filter { ($0 == id || there[$0] != nil) && seen.insert($0).inserted }
            return ElementDraft(episode)
        }
        try elements.put(drafts, in: unit)
    }
}
