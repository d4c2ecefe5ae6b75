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
            let present = role.present(of: tenant)
            let (depth, direction, types, limit, isShort, asOf) = try request.readQuery { query in
                (
                    query.optionalInteger("depth", in: Self.depths) ?? 1,
                    query.optionalChoice("direction", EdgeDirection.self) ?? .both,
                    query.optionalStrings("edge_types", count: 1...100, length: 1...255),
                    query.optionalInteger("limit", in: Self.nodeLimit) ?? 100,
                    query.optionalBool("ids_only") ?? false,
                    query.asOf()
                )
            }
            return { transaction in
                var filters = GraphFilters()
                (filters.edgeTypes, filters.validAt) = (types, asOf.valid)
                let past = try past(asOf, of: present, tenant, in: transaction)
                let around = try role.neighborhood(
                    of: id, depth: Int(depth), direction: direction, filters, limit: Int(limit), tenant, in: past)
                let ids = [id] + around.nodes.map(\.id)
                let documents =
                    isShort
                    ? nil
                    : try GraphDocuments(
                        nodes: self.documents(.node, ids, asOf, tenant, in: transaction),
                        edges: self.documents(.edge, around.edges, asOf, tenant, in: transaction))
                return .ok(NeighborhoodAnswer(center: id, around: around, documents: documents))
            }
        }
    }

    private func paths() -> Route {
        .read(.get, "/graph/paths", scope: Self.read) { request in
            let tenant = request.tenant
            let present = role.present(of: tenant)
            let (start, end, depth, direction, limit, asOf) = try request.readQuery { query in
                (
                    query.string("from", length: ElementHeader.idLength),
                    query.string("to", length: ElementHeader.idLength),
                    query.optionalInteger("max_depth", in: Self.depths) ?? 5,
                    query.optionalChoice("direction", EdgeDirection.self) ?? .both,
                    query.optionalInteger("limit", in: Self.pathLimit) ?? 10,
                    query.asOf()
                )
            }
            return { transaction in
                var filters = GraphFilters()
                filters.validAt = asOf.valid
                let past = try past(asOf, of: present, tenant, in: transaction)
                let paths = try role.paths(
                    from: start, to: end, depth: Int(depth), direction: direction, filters, limit: Int(limit), tenant,
                    in: past)
                let nodes = Set(paths.flatMap(\.nodes)).sorted()
                let edges = Set(paths.flatMap(\.edges)).sorted()
                let documents = GraphDocuments(
                    nodes: try self.documents(.node, nodes, asOf, tenant, in: transaction),
                    edges: try self.documents(.edge, edges, asOf, tenant, in: transaction))
                return .ok(PathsAnswer(paths: paths, documents: documents))
            }
        }
    }
}
