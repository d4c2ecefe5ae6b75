import ChangeLog
public import Core

/// That a user did something with an item.
public struct Interaction: JSONEncodable, Sendable, Hashable {
    /// What it is called in the change log.
    public static let entityType = "interaction"
    /// How long the id of a user may be, in characters.
    public static let userLength = 1...255

    /// Which one it is.
    public let id: Identifier
    /// Who did it.
    public let user: String
    /// With what.
    public let item: ItemKey
    /// What was done.
    public let kind: InteractionKind
    /// How much it says of what the user likes; 0 says that it was seen and no more.
    public let weight: Double
    /// What else the client has to say of it, each a text.
    public let metadata: JSONObject
    /// The recommendation that it followed from, if the client says so.
    public let recommendation: String?
    /// Whose it is.
    public let tenant: Tenant
    /// When it was done.
    public let time: Timestamp

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("user_id", user)
            json.member("entity_id", item.id)
            json.member("entity_type", item.type)
            json.member("interaction_type", kind)
            json.member("weight", weight)
            json.member("metadata", JSONValue.object(metadata))
            json.member("tenant_id", tenant.clientName)
            json.member("timestamp", time)
            if let recommendation { json.member("recommendation_id", recommendation) }
        }
    }
}

/// An interaction that is to be written.
public struct InteractionDraft: Sendable {
    /// How much one may weigh at most.
    public static let weightLimit = 1_000.0
    /// How many bytes its metadata have at most, as JSON.
    public static let metadataLimit = 4_096

    /// Who did it.
    public var user: String
    /// With what.
    public var item: ItemKey
    /// What was done.
    public var kind: InteractionKind
    /// How much it says, from 0 to ``weightLimit``; nil is what its type is worth.
    public var weight: Double?
    /// What else there is to say of it.
    public var metadata = JSONObject()
    /// The answer that it followed from.
    public var recommendation: RecommendationID?
    /// Whether an item that is not known is written without attributes.
    public var bringsItem = false
    /// When it was done; nil is now. One that says when is the same one whenever it is sent.
    public var time: Timestamp?

    /// An interaction that is to be written.
    public init(_ user: String, _ item: ItemKey, _ kind: InteractionKind, weight: Double? = nil, time: Timestamp? = nil)
    {
        self.user = user
        self.item = item
        self.kind = kind
        self.weight = weight
        self.time = time
    }

    /// The id of one that says when it was: it follows from what it says, so that one that is sent twice is one.
    func identifier(at time: Timestamp) -> Identifier {
        Identifier(
            hashing: JSONWriter.bytes(
                of: JSONValue.array([
                    .string("interaction"), .string(user), .string(item.type), .string(item.id), .string(kind.name),
                    .integer(time.microseconds),
                ])))
    }
}
