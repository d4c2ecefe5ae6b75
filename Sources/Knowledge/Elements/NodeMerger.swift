public import ChangeLog
public import Core
import Storage

/// Makes one node of several that are the same thing.
public struct NodeMerger: Sendable {
    private let facts: FactWriter
    private var elements: GraphElements { facts.elements }

    /// A merger of what these facts relate.
    public init(_ facts: FactWriter) { self.facts = facts }

    /// Lets a node take over others: their edges, their labels, what is known of them that is not known of it, and
    /// their place in episodes. An edge between them goes, and one that says what another of its edges says becomes one
    /// with that.
    ///
    /// - parameter episodes: the ids of those that mention any of the others.
    /// - returns: the node as it is now.
    /// - throws: ``Failure`` `node_not_found`.
    public func merge(
        _ others: [String], into id: String, mentionedBy episodes: [String], in unit: UnitOfWork
    ) throws -> GraphNode {
        let found = try elements.lock(GraphNode.self, [id] + others, in: unit)
        guard var node = found[id] else { throw GraphElements.notFound(.node, id) }
        for other in others {
            guard let other = found[other] else { throw GraphElements.notFound(.node, other) }
            Self.unite(&node, with: other)
        }
        let gone = Set(others)
        let merged = try elements.put([ElementDraft(node)], in: unit)
        try moveEdges(from: gone, to: id, in: unit)
        try moveMentions(of: episodes, from: gone, to: id, in: unit)
        try elements.delete(GraphNode.self, others, in: unit)
        return merged.first?.element ?? node
    }

    private static func unite(_ node: inout GraphNode, with other: GraphNode) {
        node.labels += other.labels.filter { !node.labels.contains($0) }
        if node.summary.isEmpty { node.summary = other.summary }
        node.attributes = node.attributes.filled(from: other.attributes)
    }

    private func moveEdges(from gone: Set<String>, to id: String, in unit: UnitOfWork) throws {
        func moved(_ node: String) -> String { gone.contains(node) ? id : node }
        let edges = try elements.edges(of: gone.union([id]), unit.tenant, in: unit.transaction)
        var kept = edges.filter { !gone.contains($0.source) && !gone.contains($0.target) }
        var (written, deleted): ([String: GraphEdge], [String]) = ([:], [])
        for edge in edges where gone.contains(edge.source) || gone.contains(edge.target) {
            var edge = edge
            let isLoop = edge.source == edge.target
            (edge.source, edge.target) = (moved(edge.source), moved(edge.target))
            let same = kept.firstIndex { $0.says(sameAs: edge) && FactTimeline.overlap($0, edge) }
            if edge.source == edge.target, !isLoop {
                deleted.append(edge.header.id)
            } else if let same {
                kept[same] = kept[same].told(again: edge)
                written[kept[same].header.id] = kept[same]
                deleted.append(edge.header.id)
            } else {
                kept.append(edge)
                written[edge.header.id] = edge
            }
        }
        try elements.delete(GraphEdge.self, deleted, in: unit)
        let drafts = written.values.sorted { $0.header.id < $1.header.id }.map { FactDraft(ElementDraft($0)) }
        _ = try facts.write(drafts, in: unit)
    }

    private func moveMentions(
        of episodes: [String], from gone: Set<String>, to id: String, in unit: UnitOfWork
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
