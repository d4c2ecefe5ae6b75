import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// The graph that a request looks at, all of it at one moment: the one that is asked of, or that of its beginning.
    /// Nil where an engine beside this server has it.
    func past(
        _ asOf: AsOf, of present: PresentGraph?, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> PastGraph? {
        guard let moment = asOf.known else { return present.map(PastGraph.init) }
        return try role.past(moment, of: present, tenant, in: transaction)
    }

    /// The same before any transaction begins.
    func past(_ asOf: AsOf, _ tenant: Tenant) async throws -> PastGraph? {
        guard let moment = asOf.known else { return role.present(of: tenant).map(PastGraph.init) }
        return try await role.past(moment, of: tenant)
    }

    /// The JSON of elements, as it was known at the moment that is asked of.
    func documents(
        _ kind: ElementKind, _ ids: [String], _ asOf: AsOf, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: [UInt8]] {
        guard let moment = asOf.known else {
            return try role.elements.documents(kind, ids, of: tenant, in: transaction)
        }
        return try role.elements.history.documents(kind, ids, of: tenant, at: moment, in: transaction)
    }

    /// What elements were.
    func histories() -> [Route] {
        [
            history(.node, "/graph/nodes/{id}/history"), history(.edge, "/graph/edges/{id}/history"),
            history(.episode, "/graph/episodes/{id}/history"),
        ]
    }

    /// How many edges of a node come with its history at most.
    private static let factLimit: ClosedRange<Int64> = 0...10_000

    private func history(_ kind: ElementKind, _ path: String) -> Route {
        .read(.get, path, scope: Self.read) { request in
            let (id, tenant) = (try elementID(request), request.tenant)
            let (limit, before, factLimit) = try request.readQuery { query in
                (
                    Int(query.optionalInteger("limit", in: 1...1_000) ?? 100), query.optionalTimestamp("cursor"),
                    kind == .node ? Int(query.optionalInteger("facts_limit", in: Self.factLimit) ?? 100) : 0
                )
            }
            return { transaction in
                let current = before == nil ? try role.elements.documents(kind, [id], of: tenant, in: transaction) : [:]
                let versions = try role.elements.history.versions(
                    of: id, kind, before: before, limit: limit + 1, of: tenant, in: transaction)
                guard before != nil || !current.isEmpty || !versions.isEmpty else {
                    throw GraphElements.notFound(kind, id)
                }
                let facts =
                    kind == .node && before == nil
                    ? try role.elements.edges(of: [id], tenant, in: transaction).sorted(by: Self.isEarlier) : nil
                return .ok(
                    ElementHistoryAnswer(
                        id: id, current: current[id], versions: Array(versions.prefix(limit)),
                        next: versions.count > limit ? versions[limit - 1].endedAt : nil,
                        facts: facts.map { Array($0.prefix(factLimit)) },
                        hasMoreFacts: (facts?.count ?? 0) > factLimit))
            }
        }
    }

    private static func isEarlier(_ left: GraphEdge, _ right: GraphEdge) -> Bool {
        let times = (left.validAt ?? left.header.createdAt, right.validAt ?? right.header.createdAt)
        return times.0 == times.1 ? left.header.id < right.header.id : times.0 < times.1
    }
}

/// What an element was, the latest first.
private struct ElementHistoryAnswer: JSONEncodable {
    let id: String
    /// The element as it is; nil where it is gone, and beyond the first page.
    let current: [UInt8]?
    let versions: [ElementVersion]
    let next: Timestamp?
    /// The first edges of a node, whether they hold still or not.
    let facts: [GraphEdge]?
    let hasMoreFacts: Bool

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("uuid", id)
            json.key("current")
            if let current { json.raw(current) } else { json.null() }
            json.key("versions")
            json.array { json in
                for version in versions {
                    json.object { json in
                        json.members(ofRaw: version.document)
                        json.member("recorded_at", version.recordedAt)
                        json.member("ended_at", version.endedAt)
                    }
                }
            }
            if let facts {
                json.member("facts", array: facts)
                json.member("has_more_facts", hasMoreFacts)
            }
            json.member("next_cursor", next)
        }
    }
}

extension QueryReader {
    /// Of which moment is asked: `as_of` on both axes, `valid_at` in the world, and `known_at` in the graph.
    mutating func asOf() -> AsOf {
        let both = optionalTimestamp("as_of")
        return AsOf(valid: optionalTimestamp("valid_at") ?? both, known: optionalTimestamp("known_at") ?? both)
    }
}

extension JSONFields {
    /// Of which moment is asked: a time for both axes, or one for each.
    mutating func asOf() -> AsOf {
        guard treeIfObject("as_of") != nil else {
            let both = optionalTimestamp("as_of")
            return AsOf(valid: both, known: both)
        }
        return optionalObject("as_of") { axes in
            AsOf(valid: axes.optionalTimestamp("valid_at"), known: axes.optionalTimestamp("known_at"))
        } ?? AsOf()
    }
}
