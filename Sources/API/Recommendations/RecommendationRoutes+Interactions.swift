import ChangeLog
import Core
import HTTPTypes
import Recommendations
import Storage

extension RecommendationRoutes {
    /// What users did.
    func interactions() -> [Route] {
        [
            .write(.post, Self.path + "/interactions", scope: Self.write) { request in
                let draft = try request.readBody { $0.interactionDraft(of: request.tenant) }
                return { unit in
                    var room = role.quotas.room(of: unit.tenant)
                    try room.take(draft)
                    if draft.bringsItem { try role.items.addMissing([draft.item], in: unit) }
                    let interaction = try role.interactions.add([draft], in: unit)[0]
                    return .json(JSONWriter.bytes(of: interaction), status: .created)
                }
            },
            .write(.post, Self.path + "/interactions/bulk", scope: Self.write, bodyLimit: .bulk) { request in
                let batch = try RecommendationBatch(request, rows: "interactions") {
                    $0.interactionDraft(of: request.tenant)
                }
                return { .json(try batch.write(to: role, in: $0), status: .accepted) }
            },
            .read(.get, Self.path + "/interactions/user/{id}", scope: Self.read) { request in
                let (user, tenant) = (try userID(request), request.tenant)
                let (limit, offset) = try request.readQuery { query in
                    query.tenantName(of: tenant)
                    return (
                        Int(query.optionalInteger("limit", in: 1...1_000) ?? 50),
                        Int(query.optionalInteger("offset", in: 0...Int64(PageRequest.offsetLimit)) ?? 0)
                    )
                }
                return { transaction in
                    var json = JSONWriter()
                    json.array(
                        try role.interactions.list(
                            of: user, limit: limit, offset: offset, tenant, in: transaction))
                    return .json(json.bytes)
                }
            },
            .write(.delete, Self.path + "/interactions/user/{id}", scope: Self.write) { request in
                let user = try userID(request)
                let (item, kind) = try request.readQuery { query in
                    query.tenantName(of: request.tenant)
                    let type = query.graphName("entity_type", length: ItemKey.typeLength)
                    let item = ItemKey(type, query.graphName("entity_id", length: ItemKey.idLength))
                    return (item, query.optionalGraphName("interaction_type", length: InteractionKind.nameLength))
                }
                return { unit in
                    let found = try role.interactions.list(
                        of: user, item: item, kind: kind, limit: Self.removalLimit + 1, unit.tenant,
                        in: unit.transaction)
                    guard found.count <= Self.removalLimit else { throw Self.tooManyInteractions }
                    return .ok(DeletedCount(count: try role.interactions.remove(found, in: unit)))
                }
            },
        ]
    }

    /// How many interactions of a user with an entity are taken back at once.
    private static let removalLimit = 10_000

    private static var tooManyInteractions: Failure {
        .conflict(
            "too_many_interactions",
            "There are more than \(removalLimit) of them. Take them back by interaction_type, or delete the user.")
    }

    /// What kinds of interactions are worth.
    func interactionTypes() -> [Route] {
        let path = Self.path + "/interaction-types"
        return [
            .write(.post, path, scope: Self.write) { request in
                let (name, worth) = try request.readBody { fields in
                    fields.recommendationTenant(request.tenant)
                    let name = fields.graphName("interaction_type", length: InteractionKind.nameLength)
                    return (name, InteractionWorth(&fields))
                }
                return { unit in .json(JSONWriter.bytes(of: try worth.put(name, role, in: unit)), status: .created) }
            },
            .read(.get, path, scope: Self.read) { request in
                let tenant = request.tenant
                return { .ok(InteractionTypeList(types: try role.types.list(of: tenant, in: $0))) }
            },
            .read(.get, path + "/{type}", scope: Self.read) { request in
                let (name, tenant) = (try typeName(request), request.tenant)
                return { .ok(try role.types.require(name, of: tenant, in: $0)) }
            },
            .write(.put, path + "/{type}", scope: Self.write) { request in
                let name = try typeName(request)
                let worth = try request.readBody { fields in
                    fields.recommendationTenant(request.tenant)
                    return InteractionWorth(&fields)
                }
                return { unit in .ok(try worth.put(name, role, in: unit)) }
            },
            .write(.delete, path + "/{type}", scope: Self.write) { request in
                let name = try typeName(request)
                return { unit in
                    try role.types.delete(name, in: unit)
                    return .noContent
                }
            },
        ]
    }

    private func typeName(_ request: APIRequest) throws -> String {
        try request.graphName("type", length: InteractionKind.nameLength)
    }
}

/// What a kind of interaction is worth, as a client says it.
private struct InteractionWorth: Sendable {
    private let weight: Double
    private let description: String?

    init(_ fields: inout JSONFields) {
        fields.requireValue("weight")
        weight = fields.recommendationWeight() ?? 0
        description = fields.optionalString("description", length: 0...1_000)
    }

    func put(_ name: String, _ role: RecommendationsRole, in unit: UnitOfWork) throws -> InteractionType {
        try role.types.put(name, weight: weight, description: description, in: unit).type
    }
}

private struct InteractionTypeList: JSONEncodable {
    let types: [InteractionType]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("interaction_types", array: types)
            json.member("total", types.count)
        }
    }
}
