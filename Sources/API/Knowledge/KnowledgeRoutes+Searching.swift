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

    /// What was found of each kind, and since when it was looked for.
    private struct Found: Sendable {
        let start: ContinuousClock.Instant
        let hits: [ElementKind: [GraphHit]]
    }

    /// A search, which waits for an endpoint where there is one.
    private func route(
        _ path: String, _ read: @escaping @Sendable (APIRequest) throws -> GraphSearchBody,
        writing write: @escaping @Sendable (inout JSONWriter, [ElementKind: GraphHits]) -> Void
    ) -> Route {
        var inquiry = GraphInquiry { request in
            let body = try read(request)
            try requireMeans(of: body)
            return body
        } asOf: {
            $0.asOf
        } find: { body, tenant, past in
            let start = ContinuousClock.now
            var hits: [ElementKind: [GraphHit]] = [:]
            for (kind, section) in body.sections {
                hits[kind] = try role.search(body.search, kind, section, of: tenant, in: past)
            }
            return Found(start: start, hits: hits)
        } answer: { body, found, tenant, transaction in
            var answered: [ElementKind: GraphHits] = [:]
            for (kind, hits) in found.hits {
                let documents = try documents(kind, hits.map(\.id), body.asOf, tenant, in: transaction)
                answered[kind] = GraphHits(kind: kind, hits: hits, documents: documents)
            }
            var json = JSONWriter(capacity: 16_384)
            json.object { json in
                write(&json, answered)
                if !body.missing.isEmpty { json.member("degraded", array: body.missing.map(\.rawValue)) }
                json.member("latency_ms", (ContinuousClock.now - found.start) / .milliseconds(1))
            }
            return .json(json.bytes).degraded(!body.missing.isEmpty)
        }
        if embedder != nil { inquiry.prepare = { body, _ in try await withVector(body) } }
        return finding(.post, path, inquiry)
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
