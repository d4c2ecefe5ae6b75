import Core
import Recommendations

/// What is recommended, as clients are answered.
struct RecommendationAnswer: JSONEncodable {
    private let found: Recommendations
    private let query: RecommendationQuery
    private let tenant: Tenant
    private let time: Timestamp

    init(_ found: Recommendations, of query: RecommendationQuery, _ tenant: Tenant, at time: Timestamp) {
        (self.found, self.query, self.tenant, self.time) = (found, query, tenant, time)
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            if case .user(let user) = query.subject { json.member("user_id", user) }
            if query.subject == .everybody {
                json.key("trending")
                writeEntries(to: &json)
                json.member("count", found.entries.count)
            } else {
                json.key("recommendations")
                writeEntries(to: &json)
                json.member("cold_start", found.isColdStart)
            }
            json.member("algorithm", found.algorithm.rawValue)
            json.member("model", found.model)
            json.member("generated_at", time)
            json.member("recommendation_id", found.id?.text(of: tenant))
            if !query.variant.isEmpty { json.member("variant", query.variant) }
        }
    }

    private func writeEntries(to json: inout JSONWriter) {
        json.array { json in
            for entry in found.entries {
                json.object { json in
                    json.member("entity_id", entry.item.id)
                    json.member("entity_type", entry.item.type)
                    json.member("score", Double(entry.score))
                    json.member("reason", entry.text)
                    guard let cause = entry.reason.cause else { return }
                    json.member(
                        "because",
                        object: { json in
                            json.member("entity_type", cause.type)
                            json.member("entity_id", cause.id)
                        })
                }
            }
        }
    }
}
