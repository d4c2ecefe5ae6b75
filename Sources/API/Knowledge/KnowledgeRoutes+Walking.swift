import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// How many nodes are answered at most.
    private static let nodeLimit: ClosedRange<Int64> = 1...10_000
    /// How many ways are answered at most.
    private static let pathLimit: ClosedRange<Int64> = 1...100
    private static let depths = 0...Int64(SectionSearch.depthLimit)

    func walking() -> [Route] { [neighbors(), paths()] }

    private func neighbors() -> Route {
        .read(.get, "/graph/nodes/{id}/neighbors", scope: Self.read) { request in
            let (id, tenant) = (try elementID(request), request.tenant)
            let (depth, direction, types, limit, isShort) = try request.readQuery { query in
                (
                    query.optionalInteger("depth", in: Self.depths) ?? 1,
                    query.optionalChoice("direction", EdgeDirection.self) ?? .both,
                    query.optionalStrings("edge_types", count: 1...100, length: 1...255),
                    query.optionalInteger("limit", in: Self.nodeLimit) ?? 100,
                    query.optionalBool("ids_only") ?? false
                )
            }
            return { transaction in
                let around = try role.neighborhood(
                    of: id, depth: Int(depth), direction: direction, edgeTypes: types, limit: Int(limit), tenant)
                let ids = [id] + around.nodes.map(\.id)
                let documents =
                    isShort
                    ? nil
                    : try GraphDocuments(
                        nodes: role.elements.documents(.node, ids, of: tenant, in: transaction),
                        edges: role.elements.documents(.edge, around.edges, of: tenant, in: transaction))
                return .ok(NeighborhoodAnswer(center: id, around: around, documents: documents))
            }
        }
    }

    private func paths() -> Route {
        .read(.get, "/graph/paths", scope: Self.read) { request in
            let tenant = request.tenant
            let (start, end, depth, direction, limit) = try request.readQuery { query in
                (
                    query.string("from", length: ElementHeader.idLength),
                    query.string("to", length: ElementHeader.idLength),
                    query.optionalInteger("max_depth", in: Self.depths) ?? 5,
                    query.optionalChoice("direction", EdgeDirection.self) ?? .both,
                    query.optionalInteger("limit", in: Self.pathLimit) ?? 10
                )
            }
            return { transaction in
                let paths = try role.paths(
                    from: start, to: end, depth: Int(depth), direction: direction, limit: Int(limit), tenant)
                let nodes = Set(paths.flatMap(\.nodes)).sorted()
                let edges = Set(paths.flatMap(\.edges)).sorted()
                let documents = GraphDocuments(
                    nodes: try role.elements.documents(.node, nodes, of: tenant, in: transaction),
                    edges: try role.elements.documents(.edge, edges, of: tenant, in: transaction))
                return .ok(PathsAnswer(paths: paths, documents: documents))
            }
        }
    }
}
