import ChangeLog
import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// Answers are kept until the graph of the tenant changes.
    func searching() -> [Route] {
        let routes: [Route] = [
            .read(.post, "/search", scope: Self.read) { request in
                let body = try GraphSearchBody.read(request, dimensions: role.elements.dimensions)
                return try answering(body, request) { json, found in
                    for kind in ElementKind.allCases { json.hits(kind, found) }
                }
            },
            .read(.post, "/search/edges", scope: Self.read) { try searching(.edge, $0) },
            .read(.post, "/search/nodes", scope: Self.read) { try searching(.node, $0) },
            .read(.post, "/search/episodes", scope: Self.read) { try searching(.episode, $0) },
        ]
        return routes.map { route in
            route.cached(until: ElementKind.allCases.map(\.entityType)) { role.follower.position }
        }
    }

    private func searching(_ kind: ElementKind, _ request: APIRequest) throws -> Route.Reading {
        let body = try GraphSearchBody.read(request, kind, dimensions: role.elements.dimensions)
        return try answering(body, request) { json, found in
            json.hits(kind, found)
            json.member("total", found[kind]?.count ?? 0)
        }
    }

    private func answering(
        _ body: GraphSearchBody, _ request: APIRequest,
        _ write: @escaping @Sendable (inout JSONWriter, [ElementKind: GraphHits]) -> Void
    ) throws -> Route.Reading {
        let tenant = request.tenant
        let present = role.present(of: tenant)
        return { transaction in
            let start = ContinuousClock.now
            let past = try past(body.asOf, of: present, tenant, in: transaction)
            var found: [ElementKind: GraphHits] = [:]
            for (kind, section) in body.sections {
                let hits = try role.search(body.search, kind, section, of: tenant, in: past)
                let documents = try documents(kind, hits.map(\.id), body.asOf, tenant, in: transaction)
                found[kind] = GraphHits(kind: kind, hits: hits, documents: documents)
            }
            var json = JSONWriter(capacity: 16_384)
            json.object { json in
                write(&json, found)
                json.member("latency_ms", (ContinuousClock.now - start) / .milliseconds(1))
            }
            return .json(json.bytes)
        }
    }
}

extension JSONWriter {
    /// The elements of a kind, under the name that answers have for them.
    fileprivate mutating func hits(_ kind: ElementKind, _ found: [ElementKind: GraphHits]) {
        let hits = found[kind] ?? GraphHits(kind: kind, hits: [], documents: [:])
        switch kind {
        case .edge: member("edges", hits)
        case .node: member("nodes", hits)
        case .episode: member("episodes", hits)
        }
    }
}
