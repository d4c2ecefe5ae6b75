import ChangeLog
import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// Answers are kept until the graph of the tenant changes.
    func searching() -> [Route] {
        // Another engine is read as a whole for communities, which only who names them should cause.
        let standard = SearchSubject.allCases.filter { $0 != .community || role.engineName == nil }
        let routes: [Route] = [
            route("/search") { request in
                try GraphSearchBody.read(request, standard: standard, dimensions: role.elements.dimensions)
            } writing: { json, found in
                for subject in SearchSubject.allCases { json.found(subject, found) }
            },
            searching(.edge, "/search/edges"), searching(.node, "/search/nodes"),
            searching(.episode, "/search/episodes"), searching(.community, "/search/communities"),
        ]
        return routes.map { route in
            route.cached(until: ElementKind.allCases.map(\.entityType)) { role.follower.position }
        }
    }

    private func searching(_ subject: SearchSubject, _ path: String) -> Route {
        route(path) { request in
            try GraphSearchBody.read(request, subject, dimensions: role.elements.dimensions)
        } writing: { json, found in
            json.found(subject, found)
            json.member("total", subject == .community ? found.communities.count : found.hits[subject]?.count ?? 0)
        }
    }

    /// What was found of each subject, and since when it was looked for.
    private struct Found: Sendable {
        let start: ContinuousClock.Instant
        var hits: [SearchSubject: [GraphHit]] = [:]
        var communities: [CommunityHit] = []
        /// Whether it depends on what follows from a graph as a whole, and that is of a moment before.
        var isOfMomentBefore = false
    }

    /// A search, which waits for endpoints where there are some.
    private func route(
        _ path: String, _ read: @escaping @Sendable (APIRequest) throws -> GraphSearchBody,
        writing write: @escaping @Sendable (inout JSONWriter, FoundInGraph) -> Void
    ) -> Route {
        var inquiry = GraphInquiry { request in
            var body = try read(request)
            try requireMeans(of: body)
            if embedder == nil, body.search.embedding == nil, body.needsVector { body.missing = [.similarity] }
            return body
        } asOf: {
            $0.asOf
        } find: { body, tenant, past in
            try find(body, tenant, past)
        } answer: { body, found, tenant, transaction in
            var answered = FoundInGraph()
            for (subject, hits) in found.hits {
                let documents = try documents(subject.kind, hits.map(\.id), body.asOf, tenant, in: transaction)
                answered.hits[subject] = GraphHits(kind: subject.kind, hits: hits, documents: documents)
            }
            answered.communities = try answers(
                found.communities.map { ($0.community, $0.best) }, tenant, in: transaction)
            var json = JSONWriter(capacity: 16_384)
            json.object { json in
                write(&json, answered)
                if !body.missing.isEmpty { json.member("degraded", array: body.missing.map(\.rawValue)) }
                json.member("latency_ms", (ContinuousClock.now - found.start) / .milliseconds(1))
            }
            let isLess = embedder != nil && !body.missing.isEmpty
            // What is found out later would not be noticed by who keeps it until the graph changes.
            return .json(json.bytes).degraded(isLess || found.isOfMomentBefore)
        }
        if embedder != nil || crossEncoder != nil {
            inquiry.prepare = { body, request in try await withRanking(withVector(body), request) }
        }
        return finding(.post, path, inquiry)
    }

    private func find(_ body: GraphSearchBody, _ tenant: Tenant, _ past: PastGraph?) throws -> Found {
        var found = Found(start: ContinuousClock.now)
        let past = body.graph ?? past
        let dependsOnAnalysis = body.dependsOnAnalysis(isHere: role.engineName == nil)
        found.isOfMomentBefore = dependsOnAnalysis && !role.isAnalysed(tenant, in: past)
        for (subject, section) in body.sections {
            let hits =
                try body.rankedHits[subject]
                ?? role.search(body.search(for: subject), subject.kind, section, of: tenant, in: past)
            if subject == .community {
                found.communities = try role.communities(of: hits, limit: body.search.limit, tenant, in: past)
            } else {
                found.hits[subject] = hits
            }
        }
        return found
    }
}

/// What is answered to a search.
private struct FoundInGraph {
    var hits: [SearchSubject: GraphHits] = [:]
    var communities: [CommunityAnswer] = []
}

extension JSONWriter {
    /// What was found of a subject, under the name that answers have for it.
    fileprivate mutating func found(_ subject: SearchSubject, _ found: FoundInGraph) {
        let hits = found.hits[subject] ?? GraphHits(kind: subject.kind, hits: [], documents: [:])
        switch subject {
        case .edge: member("edges", hits)
        case .node: member("nodes", hits)
        case .episode: member("episodes", hits)
        case .community: member("communities", array: found.communities)
        }
    }
}
