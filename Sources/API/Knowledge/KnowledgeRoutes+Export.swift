import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// A part of a graph as a file, for other programs or as a picture.
    func exporting() -> [Route] {
        let inquiry = GraphInquiry { request in
            try request.readQuery { try GraphExport(&$0) }
        } asOf: {
            $0.asOf
        } find: { export, tenant, past in
            try export.part(role, tenant, in: past)
        } answer: { export, part, tenant, transaction in
            let documents = GraphDocuments(
                nodes: try documents(.node, part.nodes.map(\.id), export.asOf, tenant, in: transaction),
                edges: try documents(.edge, part.edges, export.asOf, tenant, in: transaction))
            return try export.answer(ExportedGraph(center: export.center, part: part, documents: documents))
        }
        // A drawing takes seconds where a search takes milliseconds: searches do not wait behind it.
        return [finding(.get, "/graph/export", inquiry).reading(on: BackgroundExecutor.shared)]
    }
}

/// What of a graph is asked for, and how it is to be written.
private struct GraphExport: Sendable {
    enum Format: String, CaseIterable, Sendable {
        case json, graphml, dot, svg
    }

    /// How many edges are answered at most: a picture of more shows nothing more.
    private var edgeLimit: Int { format == .svg ? 10_000 : 100_000 }

    let center: String?
    let depth: Int
    let direction: EdgeDirection
    let filters: GraphFilters
    let limit: Int
    let asOf: AsOf
    let format: Format

    init(_ query: inout QueryReader) throws {
        center = query.optionalGraphName("center", length: ElementHeader.idLength)
        let depth = query.optionalInteger("depth", in: 0...Int64(SectionSearch.depthLimit))
        let direction = query.optionalChoice("direction", EdgeDirection.self)
        if center == nil, depth != nil { query.reject("depth", "Only with a center.") }
        if center == nil, direction != nil { query.reject("direction", "Only with a center.") }
        self.depth = Int(depth ?? 1)
        self.direction = direction ?? .both
        asOf = query.asOf()
        var filters = GraphFilters()
        filters.groups = query.optionalString("group_id", length: 0...100).map { [$0] }
        filters.edgeTypes = query.optionalGraphNames("edge_types", count: 1...100, length: 1...255)
        filters.limit(to: asOf)
        self.filters = filters
        limit = Int(query.optionalInteger("limit", in: 1...10_000) ?? 100)
        format = query.optionalChoice("format", Format.self) ?? .json
    }

    /// The ids of the part that is asked for.
    func part(_ role: KnowledgeRole, _ tenant: Tenant, in past: PastGraph?) throws -> ExportedGraph.Part {
        guard let center else {
            let part = try role.part(filters, limit: limit, of: tenant, in: past)
            return ExportedGraph.Part(
                nodes: part.nodes.map { ($0, nil) }, edges: Array(part.edges.prefix(edgeLimit)),
                isCut: part.isCut || part.edges.count > edgeLimit)
        }
        var query = GraphNeighborhood.Query(of: center)
        (query.depth, query.direction, query.filters, query.limit) = (depth, direction, filters, limit)
        let around = try role.neighborhood(query, tenant, in: past)
        return ExportedGraph.Part(
            nodes: [(center, 0)] + around.nodes.map { ($0.id, $0.depth) },
            edges: Array(around.edges.prefix(edgeLimit)),
            isCut: around.isCut || around.edges.count > edgeLimit)
    }

    func answer(_ graph: ExportedGraph) throws -> APIResponse {
        switch format {
        case .json: return .ok(graph)
        case .graphml:
            return .bytes(GraphMLWriter(try graph.drawing).bytes, contentType: "application/graphml+xml")
        case .dot: return .bytes(DOTWriter(try graph.drawing).bytes, contentType: "text/vnd.graphviz; charset=utf-8")
        case .svg:
            var response = APIResponse.bytes(SVGWriter(try graph.drawing).bytes, contentType: "image/svg+xml")
            // Whatever stands in a graph, a browser that opens the picture runs nothing and asks nobody.
            response.headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
            response.headers[.xContentTypeOptions] = "nosniff"
            return response
        }
    }
}

/// A part of a graph with its documents.
private struct ExportedGraph: JSONEncodable {
    struct Part: Sendable {
        /// The ids of the nodes, and how far each is from the middle, if there is one.
        let nodes: [(id: String, depth: Int?)]
        let edges: [String]
        let isCut: Bool
    }

    let center: String?
    let part: Part
    let documents: GraphDocuments

    /// What is drawn of it. What has gone meanwhile is not.
    var drawing: GraphDrawing {
        get throws {
            try GraphDrawing(
                nodes: part.nodes.compactMap { node in documents.nodes[node.id].map { ($0, node.depth) } },
                edges: part.edges.compactMap { documents.edges[$0] }, hasMore: part.isCut)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("center_node_uuid", center)
            let nodes = part.nodes.compactMap { node in
                documents.nodes[node.id].map { ExportedNode(document: $0, depth: node.depth) }
            }
            json.member("nodes", array: nodes)
            json.key("edges")
            json.array { json in
                for edge in part.edges { if let document = documents.edges[edge] { json.raw(document) } }
            }
            json.member("has_more", part.isCut)
        }
    }
}

private struct ExportedNode: JSONEncodable {
    let document: [UInt8]
    /// How far it is from the middle, if there is one.
    let depth: Int?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.members(ofRaw: document)
            if let depth { json.member("depth", depth) }
        }
    }
}
