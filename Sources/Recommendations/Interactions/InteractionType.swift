import ChangeLog
public import Core

/// What a kind of interaction is worth to a tenant.
public struct InteractionType: JSONEncodable, Sendable, Hashable {
    /// What it is called in the change log.
    public static let entityType = "interaction_type"
    /// What is known of every tenant until it says otherwise, as the seed has it.
    public static let builtIn: [String: Double] = ["view": 1, "like": 2, "add_to_cart": 3, "purchase": 5]

    /// What it is called, as in interactions.
    public let name: String
    /// How much one says of what its user likes, from 0 to ``InteractionDraft/weightLimit``.
    public var weight: Double
    /// What it means.
    public var description: String?
    let tenant: Tenant
    /// When it was first written; nil of one that is built in.
    public internal(set) var createdAt: Timestamp?
    /// When it changed last.
    public internal(set) var updatedAt: Timestamp?

    var id: Identifier {
        Identifier(hashing: JSONWriter.bytes(of: JSONValue.array([.string("interaction_type"), .string(name)])))
    }

    init(_ name: String, weight: Double, description: String? = nil, of tenant: Tenant, at time: Timestamp? = nil) {
        self.name = name
        self.weight = weight
        self.description = description
        self.tenant = tenant
        createdAt = time
        updatedAt = time
    }

    init(_ fields: StoredFields, of tenant: Tenant) throws {
        name = try fields.text("interaction_type")
        weight = try fields.number("weight")
        if case .string(let text)? = fields["description"] { description = text }
        self.tenant = tenant
        createdAt = try fields.optionalTime("created_at")
        updatedAt = try fields.optionalTime("updated_at")
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("tenant_id", tenant.clientName)
            json.member("interaction_type", name)
            json.member("weight", weight)
            json.member("description", description)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}
