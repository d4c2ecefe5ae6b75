import Core
import Search

/// The graph of a tenant at one moment. Searches hold it while changes go on elsewhere.
struct GraphSnapshot: Sendable {
    var nodes: ElementIndex
    var edges: ElementIndex
    var episodes: ElementIndex
    var adjacency = Adjacency()
    var mentions = Mentions()
    /// How many episodes each edge comes from, by slot.
    var episodeCounts = ChunkedArray<UInt32>(empty: 0, shift: 8)
    /// What follows from all of it, of a moment before.
    var analysis = GraphAnalysis()

    /// A graph of nothing.
    init(dimensions: Int) {
        nodes = ElementIndex(IndexedFields.nodes, dimensions: dimensions)
        edges = ElementIndex(IndexedFields.edges, dimensions: dimensions)
        episodes = ElementIndex(IndexedFields.episodes, dimensions: dimensions)
    }

    /// The index of a kind.
    func index(of kind: ElementKind) -> ElementIndex {
        switch kind {
        case .node: nodes
        case .edge: edges
        case .episode: episodes
        }
    }

    /// Takes over an element as it is.
    ///
    /// - parameter embedding: its vector, where that may have changed; empty when it has none any more.
    mutating func set(_ kind: ElementKind, _ fields: StoredFields, embedding: [Float]?) throws {
        let slot = try set(kind, fields)
        try Self.set(embedding, of: slot, in: index(of: kind).vectors)
    }

    /// Takes over all of an element but its vector.
    ///
    /// - returns: its slot.
    private mutating func set(_ kind: ElementKind, _ fields: StoredFields) throws -> UInt32 {
        let id = try fields.text("uuid")
        let values = IndexedFields.values(of: kind, fields)
        let attributes = try fields.object("attributes")
        switch kind {
        case .node:
            let slot = nodes.assign(id)
            nodes.set(values, attributes, at: slot)
            return slot
        case .edge:
            let slot = edges.assign(id)
            edges.set(values, attributes, at: slot)
            let count = UInt32(clamping: try fields.texts("episodes").count)
            if episodeCounts[Int(slot)] != count { episodeCounts.update(Int(slot)) { $0 = count } }
            adjacency.set(
                slot,
                Adjacency.Ends(
                    source: nodes.assign(try fields.text("source_node_uuid")),
                    target: nodes.assign(try fields.text("target_node_uuid"))))
            if adjacency.shouldCompress { adjacency.compress(nodeLimit: nodes.limit) }
            return slot
        case .episode:
            let slot = episodes.assign(id)
            episodes.set(values, attributes, at: slot)
            mentions.set(try fields.texts("mentions").map { nodes.assign($0) }, by: slot)
            return slot
        }
    }

    /// Makes it what was known at a moment long ago. What follows from the graph as a whole stays that of now.
    ///
    /// - parameter changed: all elements that were known then and have changed or gone since, as they were.
    mutating func revert(to moment: Timestamp, _ changed: [StoredElement]) throws {
        var embeddings: [ElementKind: [UInt32: [Float]?]] = [:]
        for element in changed {
            let slot = try set(element.kind, element.fields)
            embeddings[element.kind, default: [:]].updateValue(element.embedding, forKey: slot)
        }
        try nodes.revert(to: moment, embeddings[.node] ?? [:])
        try edges.revert(to: moment, embeddings[.edge] ?? [:])
        try episodes.revert(to: moment, embeddings[.episode] ?? [:])
        // What was told later counts for nothing then.
        for episode in episodes.values.slots.subtracting(episodes.all) { mentions.set([], by: episode) }
    }

    /// The elements of a kind that filters let through; nil are all.
    func allowed(_ kind: ElementKind, _ filters: GraphFilters) -> NodeSet? {
        index(of: kind).allowed(kind, filters)
    }

    private static func set(_ embedding: [Float]?, of slot: UInt32, in vectors: VectorIndex) throws {
        guard let embedding else { return }
        if embedding.isEmpty { vectors.remove(slot) } else { try vectors.set(embedding, label: slot) }
    }

    /// Forgets an element.
    mutating func remove(_ kind: ElementKind, _ id: String) {
        switch kind {
        case .node: if let slot = nodes.slot(of: id) { nodes.remove(slot) }
        case .edge:
            guard let slot = edges.slot(of: id) else { return }
            edges.remove(slot)
            adjacency.remove(slot)
        case .episode:
            guard let slot = episodes.slot(of: id) else { return }
            episodes.remove(slot)
            mentions.set([], by: slot)
        }
    }
}
