import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// How many nodes are answered at most.
    private static let nodeLimit: ClosedRange<Int64> = 1...10_000
    /// How many ways are answered at most.
    private static let pathLimit: ClosedRange<Int64> = 1...100
    /// How many edges between them are answered at most.
    private static let edgeLimit: ClosedRange<Int64> = 1...100_000
    private static let depths = 0...Int64(SectionSearch.depthLimit)

    func walking() -> [Route] { [neighbors(), paths()] }

    /// What stands around a node, as a request asks for it.
    private struct Neighbors: Sendable {
        var around: GraphNeighborhood.Query
        let edgeLimit: Int
        let isShort: Bool
        let asOf: AsOf

        init(_ query: inout QueryReader, of id: String) {
            around = GraphNeighborhood.Query(of: id)
            around.depth = Int(query.optionalInteger("depth", in: KnowledgeRoutes.depths) ?? 1)
            around.direction = query.optionalChoice("direction", EdgeDirection.self) ?? .both
            around.filters.edgeTypes = query.optionalGraphNames("edge_types", count: 1...100, length: 1...255)
            around.limit = Int(query.optionalInteger("limit", in: KnowledgeRoutes.nodeLimit) ?? 100)
            around.wantsEdges = query.optionalBool("edges") ?? true
            edgeLimit = Int(query.optionalInteger("edges_limit", in: KnowledgeRoutes.edgeLimit) ?? 1_000)
            isShort = query.optionalBool("ids_only") ?? false
            asOf = query.asOf()
            around.filters.limit(to: asOf)
        }
    }

    private func neighbors() -> Route {
        let inquiry = GraphInquiry { request in
            let id = try elementID(request)
            return try request.readQuery { Neighbors(&$0, of: id) }
        } asOf: {
            $0.asOf
        } find: { asked, tenant, past in
            try role.neighborhood(asked.around, tenant, in: past)
        } answer: { asked, around, tenant, transaction in
            var answer = NeighborhoodAnswer(
                center: asked.around.center, around: around, edges: Array(around.edges.prefix(asked.edgeLimit)))
            guard !asked.isShort else { return .ok(answer) }
            answer.documents = GraphDocuments(
                nodes: try documents(.node, around.nodes.map(\.id), asked.asOf, tenant, in: transaction),
                edges: try documents(.edge, answer.edges, asked.asOf, tenant, in: transaction))
            return .ok(answer)
        }
        return finding(.get, "/graph/nodes/{id}/neighbors", inquiry)
    }

    /// The ways between two nodes, as a request asks for them.
    private struct Ways: Sendable {
        let start: String
        let end: String
        let depth: Int64
        let direction: EdgeDirection
        var filters = GraphFilters()
        let limit: Int64
        let asOf: AsOf

        init(_ query: inout QueryReader) {
            start = query.graphName("from", length: ElementHeader.idLength)
            end = query.graphName("to", length: ElementHeader.idLength)
            depth = query.optionalInteger("max_depth", in: KnowledgeRoutes.depths) ?? 5
            direction = query.optionalChoice("direction", EdgeDirection.self) ?? .both
            limit = query.optionalInteger("limit", in: KnowledgeRoutes.pathLimit) ?? 10
            asOf = query.asOf()
            filters.limit(to: asOf)
        }
    }

    private func paths() -> Route {
        let inquiry = GraphInquiry { request in
            try request.readQuery { Ways(&$0) }
        } asOf: {
            $0.asOf
        } find: { asked, tenant, past in
            try role.paths(
                from: asked.start, to: asked.end, depth: Int(asked.depth), direction: asked.direction, asked.filters,
                limit: Int(asked.limit), tenant, in: past)
        } answer: { asked, paths, tenant, transaction in
            let nodes = Set(paths.flatMap(\.nodes)).sorted()
            let edges = Set(paths.flatMap(\.edges)).sorted()
            let documents = GraphDocuments(
                nodes: try documents(.node, nodes, asked.asOf, tenant, in: transaction),
                edges: try documents(.edge, edges, asked.asOf, tenant, in: transaction))
            return .ok(PathsAnswer(paths: paths, documents: documents))
        }
        return finding(.get, "/graph/paths", inquiry)
    }
}
