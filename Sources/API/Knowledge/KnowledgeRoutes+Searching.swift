import ChangeLog
import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// Answers are kept until the graph of the tenant changes.
    func searching() -> [Route] {
        let routes: [Route] = [
            route("/search") { request in
                try GraphSearchBody.read(request, dimensions: role.elements.dimensions)
            } writing: { json, found in
                for kind in ElementKind.allCases { json.hits(kind, found) }
            },
            searching(.edge, "/search/edges"), searching(.node, "/search/nodes"),
            searching(.episode, "/search/episodes"),
        ]
        return routes.map { route in
            route.cached(until: ElementKind.allCases.map(\.entityType)) { role.follower.position }
        }
    }

    private func searching(_ kind: ElementKind, _ path: String) -> Route {
        route(path) { request in
            try GraphSearchBody.read(request, kind, dimensions: role.elements.dimensions)
        } writing: { json, found in
            json.hits(kind, found)
            json.member("total", found[kind]?.count ?? 0)
        }
    }

    /// A search that may wait for an endpoint; where there is none, the thread that reads the request answers.
    private func route(
        _ path: String, _ read: @escaping @Sendable (APIRequest) throws -> GraphSearchBody,
        writing write: @escaping @Sendable (inout JSONWriter, [ElementKind: GraphHits]) -> Void
    ) -> Route {
        guard embedder != nil else {
            return .read(.post, path, scope: Self.read) { request in
                let body = try read(request)
                try requireMeans(of: body)
                return answering(body, request.tenant, write)
            }
        }
        return .preparedRead(.post, path, scope: Self.read) { request in
            (nil, answering(try await withVector(try read(request)), request.tenant, write))
        }
    }

    private func answering(
        _ body: GraphSearchBody, _ tenant: Tenant,
        _ write: @escaping @Sendable (inout JSONWriter, [ElementKind: GraphHits]) -> Void
    ) -> Route.Reading {
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
                if !body.missing.isEmpty { json.member("degraded", array: body.missing.map(\.rawValue)) }
                json.member("latency_ms", (ContinuousClock.now - start) / .milliseconds(1))
            }
            return .json(json.bytes).degraded(!body.missing.isEmpty)
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
