import ChangeLog
import Core
import Embedding
import Knowledge
import Storage

/// What searches need that is elsewhere, and ranking by it: after a search and before its answer, so that nobody holds
/// a transaction while it waits.
extension KnowledgeRoutes {
    /// Looks whether there is what a search needs.
    ///
    /// - throws: ``Failure`` `invalid_request` that names the setting to set.
    func requireMeans(of body: GraphSearchBody) throws(Failure) {
        if embedder == nil, body.search.embedding == nil, !body.search.query.isEmpty,
            body.isNothingWithoutVector
        {
            throw .invalid(
                at: "/query_vector",
                "Likeness is found by a vector. Send one, or set embedding.url with knowledge.embedding on, by which "
                    + "words are turned into vectors.")
        }
        guard let pointer = body.ranked.first?.pointer else { return }
        guard crossEncoder != nil else {
            throw .invalid(
                at: pointer, "The reranker cross_encoder is a model behind an endpoint: set knowledge.reranker.url.")
        }
        guard !isBlank(body.search.query) else {
            throw .invalid(at: "/query", "The reranker cross_encoder compares texts with words: send some.")
        }
    }

    /// The same search with what is found where a cross-encoder is to rank, the best first.
    ///
    /// - throws: ``Failure``, those of ``CrossEncoder/scores(of:for:)``.
    func withRanking(_ body: GraphSearchBody, _ request: APIRequest) async throws -> GraphSearchBody {
        let subjects = body.ranked
        guard !subjects.isEmpty, let crossEncoder else { return body }
        let tenant = request.tenant
        if let seen = request.seenPosition { try await role.waitUntilFound(seen, atMost: patience) }
        let (hits, past) = try await withTaskExecutorPreference(role.waitingThreads) {
            try await found(body, tenant)
        }
        let candidates = try await role.log.read(atLeast: request.seenPosition) { transaction in
            try zip(subjects, hits).map { subject, hits -> [RankingCandidate] in
                let kind = subject.subject.kind
                return try role.candidates(
                    hits, kind, documents(kind, hits.map(\.id), body.asOf, tenant, in: transaction))
            }
        }.value
        // The model is asked once for everything, so that it is waited for once.
        let texts = candidates.flatMap { $0.map(\.text) }
        var scores = try await crossEncoder.scores(of: texts, for: body.search.query)[...]
        var body = body
        body.graph = past
        for ((subject, _, _), found) in zip(subjects, candidates) {
            body.rankedHits[subject] = body.search(for: subject).ranked(found, by: Array(scores.prefix(found.count)))
            scores = scores.dropFirst(found.count)
        }
        return body
    }

    /// What is found of each subject that is to be ranked, and the graph that the rest is to be found in too.
    private func found(_ body: GraphSearchBody, _ tenant: Tenant) async throws -> ([[GraphHit]], PastGraph?) {
        let past = try await past(body.asOf, tenant)
        let hits = try body.ranked.map { subject, section, _ in
            try role.searchForRanking(body.search(for: subject), subject.kind, section, of: tenant, in: past)
        }
        // What was read for a moment long ago takes much memory, and the model may be waited for long.
        return (hits, role.engineName == nil ? past : nil)
    }
}
