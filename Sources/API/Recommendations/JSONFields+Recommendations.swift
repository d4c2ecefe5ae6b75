import Core
import Knowledge
import Recommendations

extension JSONFields {
    /// What is known of an item or of a user: texts, numbers, booleans and lists of texts or of
    /// numbers by names of their own.
    mutating func recommendationAttributes(_ name: String = "attributes") -> JSONObject? {
        guard let object = optionalTree(name) else { return nil }
        guard object.members.count <= RecommendationLimits.attributes else {
            reject(name, "An object of \(RecommendationLimits.attributes) members at most is expected.")
            return nil
        }
        for member in object.members {
            if let problem = RecommendationLimits.problem(with: member) {
                reject(name, "\(member.name.prefix(100)): \(problem)")
                return nil
            }
        }
        guard JSONWriter.bytes(of: JSONValue.object(object)).count <= ItemDraft.attributesLimit else {
            reject(name, "An object of \(ItemDraft.attributesLimit) bytes at most is expected.")
            return nil
        }
        return object
    }

    /// Notes an error when a member is missing or null.
    mutating func requireValue(_ name: String) {
        if isMissing(name) { reject(name, "This member is required.") }
    }

    /// Clients of the seed name the tenant, which nobody has to: it is the credential's.
    mutating func recommendationTenant(_ tenant: Tenant) {
        guard let name = optionalString("tenant_id", length: 0...255) else { return }
        if !RecommendationTenant.isName(name, of: tenant) { reject("tenant_id", RecommendationTenant.problem) }
    }

    /// An item as a body has it.
    ///
    /// - parameter key: which one, where the body does not say so.
    mutating func itemDraft(_ key: ItemKey? = nil, of tenant: Tenant) -> ItemDraft {
        recommendationTenant(tenant)
        let key = key ?? itemKey()
        requireValue("attributes")
        return ItemDraft(
            key, attributes: recommendationAttributes() ?? JSONObject(),
            isAvailable: optionalBool("available") ?? true)
    }

    /// An interaction as a body has it.
    mutating func interactionDraft(of tenant: Tenant) -> InteractionDraft {
        recommendationTenant(tenant)
        let user = graphName("user_id", length: Interaction.userLength)
        let kind = interactionKind()
        var draft = InteractionDraft(user, itemKey(), kind ?? .named(""))
        draft.weight = recommendationWeight()
        draft.time = optionalTimestamp("timestamp")
        draft.metadata = recommendationMetadata()
        draft.recommendation = optionalRecommendationID(of: tenant)
        draft.bringsItem = optionalBool("create_entity") ?? false
        return draft
    }

    private mutating func interactionKind() -> InteractionKind? {
        guard let kind = value("interaction_type").flatMap(InteractionKind.init) else {
            reject("interaction_type", #"A name, {"rating": 0 to 100} or {"custom": a name} is expected."#)
            return nil
        }
        if let problem = GraphName.problem(with: kind.name) { reject("interaction_type", problem) }
        return kind
    }

    /// The key of an item.
    mutating func itemKey() -> ItemKey {
        ItemKey(
            graphName("entity_type", length: ItemKey.typeLength), graphName("entity_id", length: ItemKey.idLength))
    }
}

extension JSONFields {
    /// How much an interaction says.
    mutating func recommendationWeight() -> Double? {
        guard let value = value("weight"), value != .null else { return nil }
        guard case .number(let digits) = value, let weight = Double(digits),
            (0...InteractionDraft.weightLimit).contains(weight)
        else {
            reject("weight", "A number from 0 to \(Int(InteractionDraft.weightLimit)) is expected.")
            return nil
        }
        return weight
    }

    /// What else there is to say of an interaction: texts by names.
    mutating func recommendationMetadata() -> JSONObject {
        guard let object = optionalTree("metadata") else { return JSONObject() }
        let areTexts = object.members.allSatisfy { if case .string = $0.value { true } else { false } }
        let size = JSONWriter.bytes(of: JSONValue.object(object)).count
        guard areTexts, size <= InteractionDraft.metadataLimit else {
            reject("metadata", "An object of texts, of \(InteractionDraft.metadataLimit) bytes at most, is expected.")
            return JSONObject()
        }
        return object
    }
}

/// What attributes may be.
private enum RecommendationLimits {
    static let attributes = 1_000
    private static let name = 255
    private static let text = 10_000
    private static let list = 1_000
    private static let element = 1_000

    /// What is wrong with an attribute; nil when nothing is.
    static func problem(with member: JSONObject.Member) -> String? {
        guard (1...name).contains(member.name.unicodeScalars.count) else {
            return "A name of 1 to \(name) characters is expected."
        }
        switch member.value {
        case .bool: return nil
        case .number(let digits):
            return (Double(digits)?.isFinite ?? false) ? nil : "A number that is not too large is expected."
        case .string(let value):
            return value.unicodeScalars.count <= text ? nil : "A text of \(text) characters at most is expected."
        case .array(let values): return isList(values) ? nil : listExpected
        case .null, .object: return "A text, a number, a boolean or a list of texts or of numbers is expected."
        }
    }

    private static let listExpected =
        "A list of up to \(list) texts of \(element) characters at most, or of up to "
        + "\(ItemDraft.embeddingLength.upperBound) numbers is expected."

    private static func isList(_ values: [JSONValue]) -> Bool {
        if ItemDraft.embedding(values) != nil { return true }
        return values.count <= list
            && values.allSatisfy { value in
                if case .string(let text) = value { text.unicodeScalars.count <= element } else { false }
            }
    }
}
