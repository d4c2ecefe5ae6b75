import Core

/// What is asked of the elements that may be found, as a condition of a query on what it calls `n`.
struct FalkorDBFilter: Sendable {
    /// The condition: of constant pieces, with all that a client has sent in parameters `p0`, `p1`, ….
    let condition: CypherQuery
    /// Whether something is asked.
    let isEmpty: Bool
    /// The number of the next parameter.
    private let places: Int

    /// The condition of filters on the elements of a kind.
    ///
    /// - parameter other: a condition in the same query.
    init(_ filters: GraphFilters, _ kind: ElementKind, beside other: FalkorDBFilter? = nil) {
        var pieces: [CypherQuery] = []
        var places = other?.places ?? 0
        func compare(_ member: StaticString, _ comparison: StaticString, _ value: CypherValue) -> CypherQuery {
            defer { places += 1 }
            return .comparing(member, comparison, places, value)
        }
        if let groups = filters.groups { pieces.append(compare("n.group", "IN", .keys(groups))) }
        if let labels = filters.labels, kind == .node {
            pieces.append(
                CypherQuery("any(label IN n.labels WHERE label IN $labels)", .init("labels", .keys(labels))))
        }
        if let types = filters.edgeTypes, kind == .edge { pieces.append(compare("n.name", "IN", .keys(types))) }
        if let ids = filters.edges, kind == .edge { pieces.append(compare("n.id", "IN", .keys(ids))) }
        for field in GraphFilters.TimeField.allCases where field.isOf(kind) {
            guard let alternatives = filters.times[field], !alternatives.isEmpty else { continue }
            let either = alternatives.map { conditions in
                CypherQuery.joined(
                    conditions.map { condition in
                        guard let date = condition.date, let comparison = condition.comparison.cypher else {
                            return CypherQuery([CypherQuery(field.member), condition.comparison.presence])
                        }
                        return compare(field.member, comparison, .integer(date.microseconds))
                    }, by: " AND ", ifEmpty: "true")
            }
            pieces.append(.joined(either, by: " OR ", ifEmpty: "true"))
        }
        if let moment = filters.validAt.map({ CypherValue.integer($0.microseconds) }), kind != .node {
            let begun = [CypherQuery("n.valid_at IS NULL"), compare("n.valid_at", "<=", moment)]
            pieces.append(.joined(begun, by: " OR ", ifEmpty: "true"))
            if kind == .edge {
                // What has no end lasts unless it was taken back: known to be wrong, and so never so.
                let known = CypherValue.integer((filters.knownAt ?? .latest).microseconds)
                let right = [CypherQuery("n.expired_at IS NULL"), compare("n.expired_at", ">", known)]
                let open = [CypherQuery("n.invalid_at IS NULL"), .joined(right, by: " OR ", ifEmpty: "true")]
                let lasting = [.joined(open, by: " AND ", ifEmpty: "true"), compare("n.invalid_at", ">", moment)]
                pieces.append(.joined(lasting, by: " OR ", ifEmpty: "true"))
            }
        }
        for attribute in filters.attributes {
            pieces.append(.passing(attribute.test) { compare("value", $0, $1) })
        }
        isEmpty = pieces.isEmpty
        self.places = places
        condition = .joined(pieces, by: " AND ", ifEmpty: "true")
    }
}

extension GraphFilters.TimeField {
    fileprivate var member: StaticString {
        switch self {
        case .createdAt: "n.created_at"
        case .validAt: "n.valid_at"
        case .invalidAt: "n.invalid_at"
        case .expiredAt: "n.expired_at"
        }
    }
}

extension GraphFilters.Comparison {
    /// How a time is compared with another; nil where it is not.
    fileprivate var cypher: StaticString? {
        switch self {
        case .equal: "="
        case .different: "<>"
        case .later: ">"
        case .earlier: "<"
        case .notEarlier: ">="
        case .notLater: "<="
        case .missing, .known: nil
        }
    }

    /// Whether there is to be a time. One that is compared with nothing may be any that is there.
    fileprivate var presence: CypherQuery {
        self == .missing ? CypherQuery("IS NULL") : CypherQuery("IS NOT NULL")
    }
}
