import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// What is said of the edges of a name.
    func relations() -> [Route] {
        [
            .read(.get, "/graph/relations", scope: Self.read) { request in
                let tenant = request.tenant
                return { .ok(RelationList(relations: try role.relations.list(of: tenant, in: $0))) }
            },
            .read(.get, "/graph/relations/{name}", scope: Self.read) { request in
                let (name, tenant) = (try relationName(request), request.tenant)
                return { .ok(try role.relations.require(name, of: tenant, in: $0)) }
            },
            .write(.put, "/graph/relations/{name}", scope: Self.write) { request in
                let name = try relationName(request)
                let relation = try request.readBody { fields in
                    Relation(
                        name: name,
                        cardinality: fields.optionalChoice("cardinality", Cardinality.self) ?? .manyToMany,
                        description: fields.optionalString("description", length: 0...10_000) ?? "")
                }
                return { unit in
                    let isNew = try role.relations.put(relation, in: unit)
                    return .json(JSONWriter.bytes(of: relation), status: isNew ? .created : .ok)
                }
            },
            .write(.delete, "/graph/relations/{name}", scope: Self.write) { request in
                let name = try relationName(request)
                return { unit in
                    try role.relations.delete(name, in: unit)
                    return .noContent
                }
            },
        ]
    }

    private func relationName(_ request: APIRequest) throws -> String {
        try request.graphName("name", length: 1...255)
    }

    /// Makes one node of several.
    func merging() -> [Route] {
        [
            .write(.post, "/graph/nodes/{id}/merge", scope: Self.write) { request in
                let id = try elementID(request)
                let others = try request.readBody { fields in
                    fields.optionalGraphNames("uuids", count: 1...100, length: ElementHeader.idLength) ?? []
                }
                guard !others.isEmpty, !others.contains(id) else {
                    throw Failure.invalid(at: "/uuids", "The other nodes are expected that this one is to take over.")
                }
                try await role.waitUntilAllIsFound(atMost: patience)
                let tenant = request.tenant
                let mentions = try await withTaskExecutorPreference(role.waitingThreads) {
                    try role.mentions(of: others, of: tenant)
                }
                return { unit in .ok(try NodeMerger(role.facts).merge(others, into: id, mentions, in: unit)) }
            }
        ]
    }
}

private struct RelationList: JSONEncodable {
    let relations: [Relation]

    func write(to json: inout JSONWriter) {
        json.object { $0.member("relations", array: relations) }
    }
}
