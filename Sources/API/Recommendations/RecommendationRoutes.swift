import Caching
import ChangeLog
import Core
import Expressions
import HTTPTypes
public import Recommendations
import Storage
public import Telemetry

extension Routes {
    /// Recommendations, and what they are made of.
    ///
    /// - parameters:
    ///   - cacheSize: how many bytes answers may take that are kept for who asks the same; 0 keeps none.
    ///   - patience: how long a request waits until what was written is known to recommendations.
    public static func recommendationRoutes(
        _ role: RecommendationsRole, cacheSize: Int, metrics: MetricsRegistry, patience: Duration
    ) -> [Route] {
        let routes = RecommendationRoutes(
            role: role, answers: ContentCache("recommendations", capacity: cacheSize, metrics: metrics))
        let all =
            routes.entities() + routes.interactions() + routes.interactionTypes() + routes.users()
            + routes.recommending()
        return all.map { $0.reaching { try await role.waitUntilKnown($0, atMost: patience) } } + routes.exporting()
    }
}

/// The routes of recommendations.
struct RecommendationRoutes: Sendable {
    static let read = "recommendations:read"
    static let write = "recommendations:write"
    static let path = "/api/v1"

    let role: RecommendationsRole
    /// What was answered to the same question in the same state.
    let answers: ContentCache<KeptAnswer>

    /// What is asked for, by what the query says or the body.
    func recommending() -> [Route] {
        [
            finding("/recommendations/user/{id}") { request in
                .user(try request.graphName("id", length: Interaction.userLength))
            } subject: { found, _, _ in
                found
            },
            finding("/recommendations/entity/{id}") { _ in
                .everybody
            } subject: { _, request, type in
                let id = try request.graphName("id", length: ItemKey.idLength)
                return type.map { .item(ItemKey($0, id)) }
            },
            finding("/recommendations/trending", algorithm: .trending) { _ in
                .everybody
            } subject: { found, _, _ in
                found
            },
            .custom(.post, Self.path + "/recommendations", scope: Self.read) { request in
                let query = try request.readBody { RecommendationQuery(&$0, of: request.tenant) }
                return try answer(query, of: request.tenant)
            },
            .read(.get, Self.path + "/recommendations/statistics", scope: Self.read) { request in
                let (tenant, now) = (request.tenant, role.log.time.now())
                let (first, last) = try request.readQuery { query in
                    query.tenantName(of: tenant)
                    return (query.optionalTimestamp("from"), query.optionalTimestamp("to"))
                }
                return { transaction in
                    let found = try role.outcomes.statistics(
                        from: first ?? now.advanced(bySeconds: -30 * 86_400), to: last ?? now, of: tenant,
                        in: transaction)
                    var json = JSONWriter()
                    json.object { $0.member("statistics", array: found) }
                    return .json(json.bytes)
                }
            },
        ]
    }

    /// A route that finds items for what its path names.
    ///
    /// - parameters:
    ///   - algorithm: by what items are ranked; nil is what the query says.
    ///   - known: of whom something is known that answers follow from.
    ///   - subject: for whom or what, by that and the type of entity that the query names; nil where it must name one.
    private func finding(
        _ path: String, algorithm: RecommendationQuery.Algorithm? = nil,
        _ known: @escaping @Sendable (APIRequest) throws -> RecommendationQuery.Subject,
        subject:
            @escaping @Sendable (RecommendationQuery.Subject, APIRequest, String?) throws ->
            RecommendationQuery.Subject?
    ) -> Route {
        @Sendable func answer(_ request: APIRequest, isAtOnce: Bool) throws -> APIResponse {
            let (known, position) = (try known(request), role.follower.position)
            let state = try role.state(of: known, of: request.tenant)
            // What an answer led to is counted for the day that it names, so it is made anew each day.
            let day = role.log.time.now().microseconds / 86_400_000_000
            let question = "\(request.tenant.number)/\(day)\(request.path)?\(request.query)"
            for tag in [state.base, state.popular] {
                guard let kept = answers.find(ContentKey(question, tag)) else { continue }
                role.count(kept.served, of: request.tenant)
                return .json(kept.bytes).at(position)
            }
            let query = try request.readQuery { fields in
                var query = RecommendationQuery(known)
                query.algorithm =
                    algorithm ?? fields.optionalChoice("algorithm", RecommendationQuery.Algorithm.self) ?? .hybrid
                fields.readCommon(into: &query, of: request.tenant)
                if case .user = known { query.includesSeen = fields.optionalBool("include_seen") ?? false }
                if algorithm == nil { fields.readWeights(into: &query) }
                if let subject = try subject(known, request, query.type) {
                    query.subject = subject
                } else {
                    fields.reject("entity_type", "This parameter is required.")
                }
                return query
            }
            if isAtOnce, query.mayTakeLong { throw TooMuchAtOnce() }
            let found = try role.recommend(query, of: request.tenant, isAtOnce: isAtOnce)
            let bytes = JSONWriter.bytes(
                of: RecommendationAnswer(found, of: query, request.tenant, at: role.log.time.now()))
            let served = ServedAnswer(found, of: query)
            role.count(served, of: request.tenant)
            if query.isRepeatable {
                let tag = found.isOwn ? state.base : state.popular
                answers.insert(
                    KeptAnswer(bytes: bytes, served: served), for: ContentKey(question, tag), cost: bytes.count)
            }
            return .json(bytes).at(position)
        }
        return .custom(
            .get, Self.path + path, scope: Self.read,
            atOnce: { request, _ in
                do { return try answer(request, isAtOnce: true) } catch is TooMuchAtOnce { return nil }
            }
        ) { try answer($0, isAtOnce: false) }
    }

    private func answer(_ query: RecommendationQuery, of tenant: Tenant) throws -> APIResponse {
        let position = role.follower.position
        let found = try role.recommend(query, of: tenant)
        role.count(ServedAnswer(found, of: query), of: tenant)
        return .ok(RecommendationAnswer(found, of: query, tenant, at: role.log.time.now())).at(position)
    }
}

/// An answer that is kept for who asks the same again.
struct KeptAnswer: Sendable {
    let bytes: [UInt8]
    let served: ServedAnswer
}
