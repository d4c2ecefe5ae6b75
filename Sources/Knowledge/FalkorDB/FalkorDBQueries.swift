import Core
import Search

/// The questions of searches to the graph of a tenant. In each the element that is looked for is called `n`.
enum FalkorDBQueries {
    // MARK: Methods

    /// The elements of a kind with any of some words, the best first: the id and the score.
    static func words(_ words: String, _ kind: ElementKind, _ filter: FalkorDBFilter, limit: Int) -> CypherQuery {
        CypherQuery([
            CypherQuery(
                "CALL db.idx.fulltext.queryNodes($label, $words) YIELD node AS n, score WITH n, score WHERE",
                .init("label", .text("\(kind.label)")), .init("words", .text(words))),
            filter.condition,
            CypherQuery(
                "RETURN n.id, score ORDER BY score DESC, n.id LIMIT $limit", .init("limit", .integer(Int64(limit)))),
        ])
    }

    /// The elements of a kind whose vectors the index finds, the nearest first: the id and one less the cosine.
    ///
    /// - parameter breadth: how many the index is asked for, of which the filter lets some through.
    static func near(
        _ vector: [Float], _ kind: ElementKind, _ filter: FalkorDBFilter, limit: Int, breadth: Int
    ) -> CypherQuery {
        CypherQuery([
            CypherQuery(
                """
                CALL db.idx.vector.queryNodes($label, 'embedding', $breadth, vecf32($vector)) YIELD node AS n, score
                WITH n, score WHERE
                """, .init("label", .text("\(kind.vectorLabel)")), .init("breadth", .integer(Int64(breadth))),
                .init("vector", .vector(vector))),
            filter.condition,
            CypherQuery("RETURN n.id, score ORDER BY score, n.id LIMIT $limit", .init("limit", .integer(Int64(limit)))),
        ])
    }

    /// The elements of a kind that a filter lets through, all compared, the nearest first: the id and one less the
    /// cosine.
    static func nearest(
        _ vector: [Float], _ kind: ElementKind, _ filter: FalkorDBFilter, limit: Int
    ) -> CypherQuery {
        CypherQuery([
            matching(kind), CypherQuery("WHERE n.embedding IS NOT NULL AND"), filter.condition,
            CypherQuery(
                """
                WITH n, vec.cosineDistance(n.embedding, vecf32($vector)) AS score
                RETURN n.id, score ORDER BY score, n.id LIMIT $limit
                """, .init("vector", .vector(vector)), .init("limit", .integer(Int64(limit)))),
        ])
    }

    // MARK: What is known of elements

    /// The vectors of some elements that have one: the id and the vector.
    static func vectors(_ ids: [String], _ kind: ElementKind) -> CypherQuery {
        CypherQuery([
            matching(kind),
            CypherQuery(
                "WHERE n.id IN $ids AND n.embedding IS NOT NULL RETURN n.id, n.embedding", .init("ids", .keys(ids))),
        ])
    }

    /// Which of some nodes are there: their ids.
    static func presence(_ ids: [String]) -> CypherQuery {
        CypherQuery("MATCH (n:Node) WHERE n.id IN $ids AND n.there RETURN n.id", .init("ids", .keys(ids)))
    }

    /// The nodes that some edges relate, and how many episodes tell of each: the ids of the edge, of where it goes from
    /// and to, and the number.
    static func ends(_ ids: [String]) -> CypherQuery {
        CypherQuery(
            "MATCH (n:Fact) WHERE n.id IN $ids RETURN n.id, n.source, n.target, n.episodes", .init("ids", .keys(ids)))
    }

    /// Which nodes some episodes mention: the ids of both.
    static func mentioned(_ ids: [String]) -> CypherQuery {
        CypherQuery(
            "MATCH (n:Episode) WHERE n.id IN $ids WITH n MATCH (n)-[:MENTIONS]->(m) RETURN n.id, m.id",
            .init("ids", .keys(ids)))
    }

    /// Which episodes mention some nodes: the ids of both.
    static func mentioning(_ ids: [String]) -> CypherQuery {
        CypherQuery(
            "MATCH (n:Node) WHERE n.id IN $ids WITH n MATCH (n)<-[:MENTIONS]-(m) RETURN m.id, n.id",
            .init("ids", .keys(ids)))
    }

    /// All nodes that are there: lists of their ids and of their groups.
    static let allNodes = CypherQuery("MATCH (n:Node) WHERE n.there RETURN collect(n.id), collect(n.group)")

    /// All edges between nodes that are there: lists of their ids, and of where they go from and to.
    static let allEdges = CypherQuery(
        """
        MATCH (a:Node)-[e:EDGE]->(n) WHERE a.there AND n.there RETURN collect(a.id), collect(e.id), collect(n.id)
        """)

    // MARK: Drawing

    /// The nodes with the most edges, of those that a filter lets through and that have any: their ids. Of edges, those
    /// count that another filter lets through and that lead from such a node to such a node; from one to itself twice.
    ///
    /// - parameter edges: must be beside the filter of nodes.
    static func busiest(_ nodes: FalkorDBFilter, _ edges: FalkorDBFilter, limit: Int) -> CypherQuery {
        CypherQuery([
            CypherQuery("MATCH (n:Node) WHERE n.there AND"), nodes.condition,
            CypherQuery("WITH n AS a MATCH (a)-[e:EDGE]->(n) WHERE n.there AND"), nodes.condition.again,
            // Filters are on what is called n.
            CypherQuery("WITH a, n AS b, e AS n WHERE"), edges.condition,
            CypherQuery(
                """
                WITH a, b UNWIND [a, b] AS n
                RETURN n.id AS id, count(n) AS degree ORDER BY degree DESC, id LIMIT $limit
                """, .init("limit", .integer(Int64(limit)))),
        ])
    }

    /// The nodes that a filter lets through, by ascending ids.
    static func firstNodes(_ filter: FalkorDBFilter, limit: Int) -> CypherQuery {
        CypherQuery([
            CypherQuery("MATCH (n:Node) WHERE n.there AND"), filter.condition,
            CypherQuery("RETURN n.id AS id ORDER BY id LIMIT $limit", .init("limit", .integer(Int64(limit)))),
        ])
    }

    // MARK: Walking

    /// Which edges may be followed.
    struct Step: Sendable {
        let direction: EdgeDirection
        /// The parts of the graph that they belong to; nil are all.
        var groups: [String]?
        /// Their names; nil are any.
        var types: [String]?
        /// When they hold; nil is whenever.
        var validAt: Timestamp?
        /// Up to when it is known which of them were never so.
        var knownAt: Timestamp

        /// Those that filters on edges let through.
        init(_ direction: EdgeDirection, _ filters: GraphFilters) {
            self.direction = direction
            groups = filters.groups
            types = filters.edgeTypes
            validAt = filters.validAt
            knownAt = filters.knownAt ?? .latest
        }
    }

    /// The nodes that edges lead to from some others: lists of their ids, and of 1 for those that a filter lets
    /// through.
    static func nodes(from level: [String], _ step: Step, _ filter: FalkorDBFilter) -> CypherQuery {
        CypherQuery([
            links(from: level, step), CypherQuery("WITH DISTINCT n RETURN collect(n.id), collect(CASE WHEN"),
            filter.condition, CypherQuery("THEN 1 ELSE 0 END)"),
        ])
    }

    /// The edges that lead from some nodes: lists of their ids, of where they lead, and of 1 for those that a filter
    /// lets through.
    static func edges(from level: [String], _ step: Step, _ filter: FalkorDBFilter) -> CypherQuery {
        CypherQuery([
            links(from: level, step),
            // Filters are on what is called n.
            CypherQuery("WITH DISTINCT e AS n, n AS m RETURN collect(n.id), collect(m.id), collect(CASE WHEN"),
            filter.condition, CypherQuery("THEN 1 ELSE 0 END)"),
        ])
    }

    /// The edges that lead from some nodes: lists of where they lead from, of their ids, and of where they lead.
    static func links(_ level: [String], _ step: Step) -> CypherQuery {
        CypherQuery([links(from: level, step), CypherQuery("RETURN collect(a.id), collect(e.id), collect(n.id)")])
    }

    private static func links(from level: [String], _ step: Step) -> CypherQuery {
        var pieces = [
            CypherQuery(
                "MATCH (a:Node) WHERE a.id IN $level AND a.there WITH a MATCH", .init("level", .keys(level)))
        ]
        switch step.direction {
        case .outgoing: pieces.append(CypherQuery("(a)-[e:EDGE]->(n) WHERE n.there"))
        case .incoming: pieces.append(CypherQuery("(a)<-[e:EDGE]-(n) WHERE n.there"))
        case .both: pieces.append(CypherQuery("(a)-[e:EDGE]-(n) WHERE n.there"))
        }
        if let groups = step.groups {
            pieces.append(CypherQuery("AND e.group IN $groups", .init("groups", .keys(groups))))
        }
        if let types = step.types { pieces.append(CypherQuery("AND e.name IN $types", .init("types", .keys(types)))) }
        if let moment = step.validAt {
            pieces.append(
                CypherQuery(
                    """
                    AND (e.valid_at IS NULL OR e.valid_at <= $moment)
                    AND (e.invalid_at > $moment
                        OR (e.invalid_at IS NULL AND (e.expired_at IS NULL OR e.expired_at > $known)))
                    """, .init("moment", .integer(moment.microseconds)),
                    .init("known", .integer(step.knownAt.microseconds))))
        }
        return CypherQuery(pieces)
    }

    private static func matching(_ kind: ElementKind) -> CypherQuery {
        switch kind {
        case .node: CypherQuery("MATCH (n:Node)")
        case .edge: CypherQuery("MATCH (n:Fact)")
        case .episode: CypherQuery("MATCH (n:Episode)")
        }
    }
}
