import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// Nodes that belong together.
    func communities() -> [Route] {
        let list = GraphInquiry { request in
            try request.readQuery { CommunityQuery(&$0) }
        } asOf: { _ in
            AsOf()
        } find: { asked, tenant, _ in
            try role.communities(of: asked.groups, limit: asked.limit, tenant)
        } answer: { _, found, tenant, transaction in
            .ok(CommunityList(communities: try answers(found.map { ($0, nil) }, tenant, in: transaction)))
        }
        let single = GraphInquiry { request in
            try request.parameter("id")
        } asOf: { _ in
            AsOf()
        } find: { id, tenant, _ in
            try role.community(id, tenant)
        } answer: { id, community, tenant, transaction in
            guard let answer = try answers([(community, nil)], tenant, in: transaction).first else {
                throw GraphElements.notFound(.node, id)
            }
            return .ok(answer)
        }
        return [finding(.get, "/graph/communities", list), finding(.get, "/graph/communities/{id}", single)]
    }

    /// What is told of communities: their nodes that stand for them are read.
    func answers(
        _ communities: [(community: GraphCommunity, best: GraphHit?)], _ tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> [CommunityAnswer] {
        let spokesmen = Set(communities.flatMap { $0.community.members.prefix(GraphCommunity.spokesmen) })
        let nodes = try role.elements.find(
            GraphNode.self, spokesmen.sorted(), of: tenant, in: transaction)
        return communities.map { community, best in
            CommunityAnswer(
                community: community, best: best,
                spokesmen: community.members.prefix(GraphCommunity.spokesmen).compactMap { nodes[$0] })
        }
    }
}

/// Which communities are listed.
private struct CommunityQuery: Sendable {
    let groups: [String]?
    let limit: Int

    init(_ query: inout QueryReader) {
        groups = query.optionalStrings("group_ids", count: 1...100, length: 0...100)
        limit = Int(query.optionalInteger("limit", in: 1...1_000) ?? 100)
    }
}

/// A community, with its most central nodes, and what found it.
struct CommunityAnswer: JSONEncodable {
    let community: GraphCommunity
    let best: GraphHit?
    let spokesmen: [GraphNode]

    /// How many members are told.
    private static let memberLimit = 1_000

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("uuid", community.id)
            json.member("group_id", spokesmen.first?.header.group ?? "")
            json.member("name", spokesmen.first?.name ?? "")
            json.member("summary", spokesmen.map(\.name).joined(separator: ", "))
            json.member("members", array: community.members.prefix(Self.memberLimit))
            json.member("member_count", community.members.count)
            json.member("created_at", spokesmen.map(\.header.createdAt).min())
            if let best {
                json.member("score", best.score)
                json.member("best_member", best.id)
                json.member("methods", of: best)
            }
        }
    }
}

private struct CommunityList: JSONEncodable {
    let communities: [CommunityAnswer]

    func write(to json: inout JSONWriter) {
        json.object { $0.member("communities", array: communities) }
    }
}
