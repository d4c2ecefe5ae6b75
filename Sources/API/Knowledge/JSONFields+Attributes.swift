import Core
import Knowledge

extension JSONFields {
    private typealias Condition = GraphFilters.AttributeCondition

    /// How many conditions there are at most.
    private static let conditionLimit = 20

    /// What attributes must be: `property_filters` as Graphiti has them, and `attributes` for what they are equal to.
    mutating func attributeConditions() -> [GraphFilters.AttributeCondition] {
        let compared = optionalObjects("property_filters", count: 0...Self.conditionLimit) { $0.attributeCondition() }
        var equal: [Condition] = []
        let attributes = optionalTree("attributes")?.members ?? []
        if attributes.count > Self.conditionLimit {
            reject("attributes", "Up to \(Self.conditionLimit) attributes are expected.")
        }
        for member in attributes.prefix(Self.conditionLimit) {
            if let condition = attributeCondition(member.name, .equal, member.value, at: "attributes") {
                equal.append(condition)
            }
        }
        return equal + (compared ?? []).compactMap { $0 }
    }

    /// `{"property_name": "born", "comparison_operator": ">=", "property_value": 1815}`.
    private mutating func attributeCondition() -> GraphFilters.AttributeCondition? {
        let name = string("property_name", length: 1...Condition.nameBytes)
        let comparison = choice("comparison_operator", GraphFilters.Comparison.self)
        let value = value("property_value") ?? .null
        guard let comparison else { return nil }
        return attributeCondition(name, comparison, value, at: "property_value")
    }

    /// - parameter member: where what is wrong with it is told.
    private mutating func attributeCondition(
        _ name: String, _ comparison: GraphFilters.Comparison, _ value: JSONValue, at member: String
    ) -> GraphFilters.AttributeCondition? {
        guard name.utf8.count <= Condition.nameBytes else {
            reject(member, "The name of an attribute has at most \(Condition.nameBytes) bytes.")
            return nil
        }
        switch (comparison, value) {
        case (.missing, _), (.known, _): return Condition(name, comparison)
        case (_, .string(let text)) where text.utf8.count <= Condition.textBytes: break
        case (_, .number), (.equal, .bool), (.different, .bool): break
        case (_, .bool): reject(member, "true and false are compared by = and <> only.")
        default:
            reject(
                member,
                "A text of up to \(Condition.textBytes) bytes, a number, true or false is expected. Whether there is a "
                    + "value is asked by IS NULL and IS NOT NULL.")
        }
        return Condition(name, comparison, value)
    }
}
