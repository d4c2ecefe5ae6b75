public import ChangeLog
public import Commerce
import Core
import HTTPTypes
import Search

extension Routes {
    /// The search of products. A request that carries `Millrace-Position` waits until the index has seen that position.
    ///
    /// - parameters:
    ///   - follower: the one that leads the log to the index that is searched.
    ///   - patience: how long a request waits for it.
    public static func productSearchRoutes(
        _ search: ProductSearch, _ follower: Follower, patience: Duration
    ) -> [Route] {
        [
            .custom(
                .get, "/api/v1/products/search", scope: "products:read",
                atOnce: { request, time in
                    let (text, query) = try request.textQuery()
                    guard let hits = try search.searchAtOnce(query, of: request.tenant, within: time) else {
                        return nil
                    }
                    return .ok(ProductSearchAnswer(query: text, hits: hits, showsCosts: request.showsCosts))
                },
                { request in
                    let (text, query) = try request.textQuery()
                    if let position = request.seenPosition {
                        try await follower.waitUntil(position: position, atMost: patience)
                    }
                    let hits = try await search.search(query, of: request.tenant)
                    return .ok(ProductSearchAnswer(query: text, hits: hits, showsCosts: request.showsCosts))
                }
            ).cached(until: "product", varying: [APIRequest.costScope]) { follower.position }
        ]
    }
}

extension APIRequest {
    /// What is searched for, as it was typed and as it is understood.
    fileprivate func textQuery() throws -> (text: String, query: TextQuery) {
        let (text, limit, active) = try readQuery { query in
            (
                query.string("q", length: 1...TextQuery.lengthLimit),
                query.optionalInteger("limit", in: CatalogLimits.hits), query.optionalBool("active")
            )
        }
        return (text, try TextQuery(text, limit: Int(limit ?? CatalogLimits.hitsDefault), active: active))
    }
}

/// The hits of a search, the best first, and what was searched for.
private struct ProductSearchAnswer: JSONEncodable {
    let query: String
    let hits: [ProductHit]
    let showsCosts: Bool

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("items", array: hits.lazy.map { $0.showingCosts(showsCosts) })
            json.member("query", query)
        }
    }
}
