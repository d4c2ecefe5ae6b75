import ChangeLog
public import Core

/// What a tenant says of a user: nobody has to be written to be recommended something.
public struct RecommendationUser: JSONEncodable, Sendable, Hashable {
    /// What it is called in the change log.
    public static let entityType = "recommendation_user"

    /// Which one.
    public let id: String
    /// What is known of them: texts, numbers, booleans and lists of texts.
    public var attributes: JSONObject
    let tenant: Tenant
    /// When they were first written.
    public internal(set) var createdAt: Timestamp
    /// When they changed last.
    public internal(set) var updatedAt: Timestamp

    static func entity(of id: String) -> Identifier {
        Identifier(hashing: JSONWriter.bytes(of: JSONValue.array([.string("user"), .string(id)])))
    }

    init(_ id: String, attributes: JSONObject, of tenant: Tenant, at time: Timestamp) {
        self.id = id
        self.attributes = attributes
        self.tenant = tenant
        createdAt = time
        updatedAt = time
    }

    init(_ fields: StoredFields, of tenant: Tenant) throws {
        id = try fields.text("user_id")
        attributes = try fields.object("attributes")
        self.tenant = tenant
        createdAt = try fields.time("created_at")
        updatedAt = try fields.time("updated_at")
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("user_id", id)
            json.member("attributes", JSONValue.object(attributes))
            json.member("tenant_id", tenant.clientName)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}
