import ChangeLog
import Core
import HTTPTypes
import Recommendations
import Storage

extension RecommendationRoutes {
    /// What can be recommended.
    func entities() -> [Route] {
        [
            .write(.post, Self.path + "/entities", scope: Self.write) { request in
                let draft = try request.readBody { $0.itemDraft(of: request.tenant) }
                return { unit in
                    let known = try role.items.find([draft.key], of: unit.tenant, in: unit.transaction)
                    guard known.isEmpty else {
                        throw Failure.conflict(
                            "entity_exists",
                            "There is an entity \(draft.key.id) of the type \(draft.key.type): change it by PUT.")
                    }
                    var room = role.quotas.room(of: unit.tenant)
                    try room.take(draft.key)
                    let item = try role.items.put([draft], in: unit)[0].item
                    return .json(JSONWriter.bytes(of: item), status: .created)
                }
            },
            .write(.post, Self.path + "/entities/bulk", scope: Self.write, bodyLimit: .bulk) { request in
                let batch = try RecommendationBatch(request, rows: "entities") { $0.itemDraft(of: request.tenant) }
                return { .json(try batch.write(to: role, in: $0), status: .accepted) }
            },
            .read(.get, Self.path + "/entities/{id}", scope: Self.read) { request in
                let (key, tenant) = (try itemKey(request), request.tenant)
                return { .ok(try role.items.require(key, of: tenant, in: $0)) }
            },
            .write(.put, Self.path + "/entities/{id}", scope: Self.write) { request in
                let key = try itemKey(request)
                let draft = try request.readBody { $0.itemDraft(key, of: request.tenant) }
                return { unit in
                    _ = try role.items.require(key, of: unit.tenant, in: unit.transaction)
                    return .ok(try role.items.put([draft], in: unit)[0].item)
                }
            },
            .write(.delete, Self.path + "/entities/{id}", scope: Self.write) { request in
                let key = try itemKey(request)
                return { unit in
                    try role.items.delete(key, in: unit)
                    return .noContent
                }
            },
        ]
    }

    /// The item that the path and the query name.
    func itemKey(_ request: APIRequest) throws -> ItemKey {
        let id = try request.graphName("id", length: ItemKey.idLength)
        return try request.readQuery { query in
            query.tenantName(of: request.tenant)
            return ItemKey(query.graphName("entity_type", length: ItemKey.typeLength), id)
        }
    }
}
