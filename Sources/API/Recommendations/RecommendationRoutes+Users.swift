import ChangeLog
import Core
import HTTPTypes
import Recommendations
import Storage

extension RecommendationRoutes {
    /// What is known of users.
    func users() -> [Route] {
        let path = Self.path + "/users/{id}"
        return [
            .write(.put, path, scope: Self.write) { request in
                let id = try userID(request)
                let attributes = try request.readBody { fields in
                    fields.recommendationTenant(request.tenant)
                    fields.requireValue("attributes")
                    return fields.recommendationAttributes() ?? JSONObject()
                }
                return { unit in
                    var room = role.quotas.room(of: unit.tenant)
                    try room.take(user: id)
                    let (user, isNew) = try role.users.put(id, attributes: attributes, in: unit)
                    return .json(JSONWriter.bytes(of: user), status: isNew ? .created : .ok)
                }
            },
            .read(.get, path, scope: Self.read) { request in
                let (id, tenant) = (try userID(request), request.tenant)
                return { .ok(try role.users.require(id, of: tenant, in: $0)) }
            },
            .write(.delete, path, scope: Self.write) { request in
                let id = try userID(request)
                return { unit in
                    try role.users.delete(id, in: unit)
                    return .noContent
                }
            },
            .write(.post, path + "/merge", scope: Self.write) { request in
                let id = try userID(request)
                let from = try request.readBody { fields in
                    fields.recommendationTenant(request.tenant)
                    let from = fields.graphName("from", length: Interaction.userLength)
                    if from == id { fields.reject("from", "Another user than that of the path is expected.") }
                    return from
                }
                return { .ok(try role.users.merge(from, into: id, in: $0)) }
            },
        ]
    }

    /// The user that the path names.
    func userID(_ request: APIRequest) throws -> String {
        try request.graphName("id", length: Interaction.userLength)
    }
}
