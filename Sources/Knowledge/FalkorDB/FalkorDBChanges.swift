import Core

/// What is to be done to the graph of a tenant in FalkorDB. Doing it twice is the same as doing it once, and doing what
/// came before it once more and then it again, too.
struct FalkorDBChanges: Sendable {
    private var nodes: [CypherValue] = []
    private var edges: [CypherValue] = []
    private var episodes: [CypherValue] = []
    private var mentions: [CypherValue] = []
    private var vectors: [ElementKind: [CypherValue]] = [:]
    private var vectorless: [ElementKind: [String]] = [:]
    private var gone: [ElementKind: [String]] = [:]

    /// Takes over an element as it is.
    ///
    /// - parameter embedding: its vector, where that may have changed; empty when it has none any more.
    mutating func set(_ kind: ElementKind, _ fields: StoredFields, embedding: [Float]?) throws {
        switch kind {
        case .node:
            let node = try GraphNode(fields)
            nodes.append(.map(Self.common(node) + [.init("labels", .keys(node.labels))]))
            set(embedding, of: node)
        case .edge:
            let edge = try GraphEdge(fields)
            edges.append(
                .map(
                    Self.common(edge) + [
                        .init("name", .key(edge.name)), .init("source", .key(edge.source)),
                        .init("target", .key(edge.target)), .init("valid", Self.time(edge.validAt)),
                        .init("invalid", Self.time(edge.invalidAt)), .init("expired", Self.time(edge.expiredAt)),
                        .init("episodes", .integer(Int64(edge.episodes.count))),
                    ]))
            set(embedding, of: edge)
        case .episode:
            let episode = try GraphEpisode(fields)
            episodes.append(.map(Self.common(episode) + [.init("valid", Self.time(episode.validAt))]))
            mentions += Set(episode.mentions).map { node in
                .map([.init("episode", .key(episode.header.id)), .init("node", .key(node))])
            }
            set(embedding, of: episode)
        }
    }

    /// Forgets an element.
    mutating func remove(_ kind: ElementKind, _ id: String) { gone[kind, default: []].append(id) }

    private mutating func set<Element: GraphElement>(_ embedding: [Float]?, of element: Element) {
        guard let embedding else { return }
        if embedding.isEmpty {
            vectorless[Element.kind, default: []].append(element.header.id)
        } else {
            vectors[Element.kind, default: []].append(
                .map([.init("id", .key(element.header.id)), .init("vector", .vector(embedding))]))
        }
    }

    private static func common(_ element: some GraphElement) -> [CypherValue.Member] {
        [
            .init("id", .key(element.header.id)), .init("group", .key(element.header.group)),
            .init("created", time(element.header.createdAt)),
            .init("text", FalkorDBWords.text(element.searchedTexts).map(CypherValue.text) ?? .null),
            .init("attributes", FalkorDBAttributes.value(of: element.attributes)),
        ]
    }

    private static func time(_ time: Timestamp?) -> CypherValue { time.map { .integer($0.microseconds) } ?? .null }

    // MARK: Queries

    /// The queries that do all of it, one after the other.
    var queries: [CypherQuery] {
        var queries: [CypherQuery] = []
        func add(_ rows: [CypherValue], _ texts: StaticString...) {
            for start in stride(from: 0, to: rows.count, by: GraphElements.chunk) {
                let chunk = Array(rows[start..<min(start + GraphElements.chunk, rows.count)])
                queries += texts.map { CypherQuery($0, .init("rows", .list(chunk))) }
            }
        }
        add(nodes, Self.setNodes)
        add(edges, Self.removeMovedEdges, Self.setEdges, Self.setFacts)
        add(episodes, Self.setEpisodes, Self.removeMentions)
        add(mentions, Self.setMentions)
        for kind in ElementKind.allCases {
            add(vectors[kind] ?? [], kind.settingVectors)
            add((vectorless[kind] ?? []).map(CypherValue.key), kind.removingVectors)
        }
        add((gone[.edge] ?? []).map(CypherValue.key), Self.removeEdges, Self.removeFacts)
        add((gone[.episode] ?? []).map(CypherValue.key), Self.removeEpisodes)
        add((gone[.node] ?? []).map(CypherValue.key), Self.removeNodes, Self.removeLoneNodes)
        return queries
    }

    private static let setNodes: StaticString =
        """
        UNWIND $rows AS r MERGE (n:Node {id: r.id})
        SET n.there = true, n.group = r.group, n.created_at = r.created, n.text = r.text, n.labels = r.labels,
            n.attributes = r.attributes
        """
    private static let removeMovedEdges: StaticString =
        """
        UNWIND $rows AS r MATCH (a)-[e:EDGE {id: r.id}]->(b) WHERE a.id <> r.source OR b.id <> r.target DELETE e
        """
    private static let setEdges: StaticString =
        """
        UNWIND $rows AS r MERGE (a:Node {id: r.source}) MERGE (b:Node {id: r.target}) MERGE (a)-[e:EDGE {id: r.id}]->(b)
        SET e.group = r.group, e.created_at = r.created, e.name = r.name, e.valid_at = r.valid,
            e.invalid_at = r.invalid, e.expired_at = r.expired, e.attributes = r.attributes
        """
    private static let setFacts: StaticString =
        """
        UNWIND $rows AS r MERGE (n:Fact {id: r.id})
        SET n.group = r.group, n.created_at = r.created, n.text = r.text, n.name = r.name, n.source = r.source,
            n.target = r.target, n.valid_at = r.valid, n.invalid_at = r.invalid, n.expired_at = r.expired,
            n.episodes = r.episodes, n.attributes = r.attributes
        """
    private static let setEpisodes: StaticString =
        """
        UNWIND $rows AS r MERGE (n:Episode {id: r.id})
        SET n.group = r.group, n.created_at = r.created, n.text = r.text, n.valid_at = r.valid,
            n.attributes = r.attributes
        """
    private static let removeMentions: StaticString =
        "UNWIND $rows AS r MATCH (n:Episode {id: r.id}) WITH n MATCH (n)-[m:MENTIONS]->() DELETE m"
    private static let setMentions: StaticString =
        """
        UNWIND $rows AS r MATCH (n:Episode {id: r.episode}) MERGE (m:Node {id: r.node}) MERGE (n)-[:MENTIONS]->(m)
        """
    private static let removeEdges: StaticString = "UNWIND $rows AS id MATCH ()-[e:EDGE {id: id}]->() DELETE e"
    private static let removeFacts: StaticString = "UNWIND $rows AS id MATCH (n:Fact {id: id}) DELETE n"
    private static let removeEpisodes: StaticString = "UNWIND $rows AS id MATCH (n:Episode {id: id}) DELETE n"
    /// Its edges stay until they are deleted themselves, as in the tables.
    private static let removeNodes: StaticString =
        """
        UNWIND $rows AS id MATCH (n:Node {id: id})
        SET n.there = NULL, n.group = NULL, n.text = NULL, n.labels = NULL, n.attributes = NULL, n.embedding = NULL
        REMOVE n:NodeVector
        """
    private static let removeLoneNodes: StaticString =
        """
        UNWIND $rows AS id MATCH (n:Node {id: id}) WHERE n.there IS NULL AND indegree(n) = 0 AND outdegree(n) = 0
        DELETE n
        """
}

extension ElementKind {
    fileprivate var settingVectors: StaticString {
        switch self {
        case .node: "UNWIND $rows AS r MATCH (n:Node {id: r.id}) SET n.embedding = vecf32(r.vector), n:NodeVector"
        case .edge: "UNWIND $rows AS r MATCH (n:Fact {id: r.id}) SET n.embedding = vecf32(r.vector), n:FactVector"
        case .episode:
            "UNWIND $rows AS r MATCH (n:Episode {id: r.id}) SET n.embedding = vecf32(r.vector), n:EpisodeVector"
        }
    }

    fileprivate var removingVectors: StaticString {
        switch self {
        case .node: "UNWIND $rows AS id MATCH (n:Node {id: id}) SET n.embedding = NULL REMOVE n:NodeVector"
        case .edge: "UNWIND $rows AS id MATCH (n:Fact {id: id}) SET n.embedding = NULL REMOVE n:FactVector"
        case .episode: "UNWIND $rows AS id MATCH (n:Episode {id: id}) SET n.embedding = NULL REMOVE n:EpisodeVector"
        }
    }
}
