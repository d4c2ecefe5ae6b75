public import Core

/// Something that can be recommended. Clients know it as an entity.
public struct Item: JSONEncodable, Sendable, Hashable {
    /// What it is called in the change log.
    public static let entityType = "recommendation_item"

    /// Which one it is.
    public let key: ItemKey
    /// What is known of it: texts, numbers, booleans, and lists of texts or of numbers.
    public var attributes: JSONObject
    /// Whether it may be recommended now.
    public var isAvailable: Bool
    /// Whose it is, as clients name it.
    public let tenant: Tenant
    /// When it was first written.
    public internal(set) var createdAt: Timestamp
    /// When it changed last.
    public internal(set) var updatedAt: Timestamp

    init(_ draft: ItemDraft, of tenant: Tenant, at time: Timestamp) {
        key = draft.key
        attributes = draft.attributes
        isAvailable = draft.isAvailable
        self.tenant = tenant
        createdAt = time
        updatedAt = time
    }

    /// Reads one from a table or the change log.
    init(_ fields: StoredFields, of tenant: Tenant) throws {
        key = ItemKey(try fields.text("entity_type"), try fields.text("entity_id"))
        attributes = try fields.object("attributes")
        isAvailable = fields["available"] != .bool(false)
        self.tenant = tenant
        createdAt = try fields.time("created_at")
        updatedAt = try fields.time("updated_at")
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("entity_id", key.id)
            json.member("entity_type", key.type)
            json.member("attributes", JSONValue.object(attributes))
            json.member("available", isAvailable)
            json.member("tenant_id", tenant.clientName)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

/// An item that is to be written.
public struct ItemDraft: Sendable {
    /// How many bytes its attributes have at most, as JSON.
    public static let attributesLimit = 65_536
    /// How many numbers an embedding among them has.
    public static let embeddingLength = 1...4_096

    /// Which one it is.
    public var key: ItemKey
    /// What is known of it.
    public var attributes: JSONObject
    /// Whether it may be recommended.
    public var isAvailable: Bool

    /// The numbers of a list that is an embedding; nil of any other.
    public static func embedding(_ elements: [JSONValue]) -> [Double]? {
        guard embeddingLength.contains(elements.count) else { return nil }
        let numbers = elements.compactMap { element -> Double? in
            guard case .number(let digits) = element, let number = Double(digits), number.isFinite else { return nil }
            return number
        }
        return numbers.count == elements.count ? numbers : nil
    }

    /// An item that is to be written.
    public init(_ key: ItemKey, attributes: JSONObject = JSONObject(), isAvailable: Bool = true) {
        self.key = key
        self.attributes = attributes
        self.isAvailable = isAvailable
    }
}

extension Tenant {
    /// What answers of recommendations call a tenant: the first one `default`, as the seed's clients do.
    var clientName: String { self == .first ? "default" : String(number) }
}
