import Core
import Search

/// Attributes as FalkorDB has them: a list of texts (``AttributeKey``) in the order of the values, each the name of an
/// attribute with a value. So no name gets into a query, and both engines compare the same.
enum FalkorDBAttributes {
    /// The member of an element that has the list; nothing where there are no attributes.
    static func value(of attributes: JSONObject) -> CypherValue {
        let keys = AttributeKey.all(of: attributes)
        return keys.isEmpty ? .null : .keys(keys.map(\.text))
    }
}

extension CypherQuery {
    /// A piece that asks whether the attributes of `n` pass a test.
    ///
    /// - parameter compare: compares a `value` of the list with a parameter.
    static func passing(
        _ test: AttributeTest, _ compare: (StaticString, CypherValue) -> CypherQuery
    ) -> CypherQuery {
        let ranges = test.ranges.map { range in
            let (lower, upper) = (range.lowerBound, range.upperBound)
            let bounds = [
                compare(">=", .key(AttributeKey.text(test.name, lower))),
                compare("<", .key(AttributeKey.text(test.name, upper))),
            ]
            return CypherQuery.joined(bounds, by: " AND ", ifEmpty: "true")
        }
        let some = CypherQuery([
            CypherQuery("any(value IN n.attributes WHERE"), .joined(ranges, by: " OR ", ifEmpty: "false"),
            CypherQuery(")"),
        ])
        return test.isExpected ? some : CypherQuery([CypherQuery("n.attributes IS NULL OR NOT"), some])
    }
}
