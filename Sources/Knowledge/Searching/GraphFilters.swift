public import Core
import Search

/// Which elements of a graph may be found.
public struct GraphFilters: Sendable {
    /// A time of an element that can be compared.
    public enum TimeField: String, Sendable, CaseIterable {
        case createdAt = "created_at"
        case validAt = "valid_at"
        case invalidAt = "invalid_at"
        case expiredAt = "expired_at"
    }

    /// How a time or an attribute is compared with another.
    public enum Comparison: String, Sendable, CaseIterable {
        case equal = "="
        case different = "<>"
        case later = ">"
        case earlier = "<"
        case notEarlier = ">="
        case notLater = "<="
        case missing = "IS NULL"
        case known = "IS NOT NULL"
    }

    /// What a time must be.
    public struct TimeCondition: Sendable {
        /// How it is compared.
        public let comparison: Comparison
        /// With what; the conditions that ask whether there is one have none.
        public let date: Timestamp?

        /// A condition on a time.
        public init(_ comparison: Comparison, _ date: Timestamp? = nil) {
            self.comparison = comparison
            self.date = date
        }
    }

    /// The parts of the graph; nil are all.
    public var groups: [String]?
    /// The labels of which a node has one; nil are any.
    public var labels: [String]?
    /// The names of which an edge has one; nil are any.
    public var edgeTypes: [String]?
    /// The ids of which an edge has one; nil are any.
    public var edges: [String]?
    /// For a time the alternatives of which one must hold, each with conditions that all must hold.
    public var times: [TimeField: [[TimeCondition]]] = [:]
    /// What attributes must be, all of it.
    public var attributes: [AttributeCondition] = []

    /// When edges hold, and until when episodes were told; nil is whenever.
    public var validAt: Timestamp?
    /// Where it is asked when edges hold, up to when it was known which of them were never so; nil is up to now.
    public var knownAt: Timestamp?

    /// Filters that let everything through.
    public init() {}

    /// Of these what says which edges a way may lead along: what may be found does not say where the way leads, only
    /// the parts of the graph and the moment do.
    var ofWays: GraphFilters {
        var filters = GraphFilters()
        filters.groups = groups
        filters.validAt = validAt
        filters.knownAt = knownAt
        return filters
    }

    /// What is asked of the elements of a kind but for their attributes; nil when nothing is.
    func filter(_ kind: ElementKind) -> PayloadFilter? {
        var filter = PayloadFilter()
        if let groups { filter.must.append(.field(IndexedFields.group, .any(PayloadValues(groups)))) }
        if let labels, kind == .node { filter.must.append(.field(IndexedFields.labels, .any(PayloadValues(labels)))) }
        if let edgeTypes, kind == .edge {
            filter.must.append(.field(IndexedFields.name, .any(PayloadValues(edgeTypes))))
        }
        for field in TimeField.allCases where field.isOf(kind) {
            guard let alternatives = times[field] else { continue }
            let path = PayloadPath(name: field.rawValue)
            let conditions = alternatives.map { conditions in
                PayloadCondition.filter(PayloadFilter(must: conditions.map { $0.condition(on: path) }))
            }
            filter.must.append(.filter(PayloadFilter(should: conditions)))
        }
        if let validAt, kind != .node {
            filter.must.append(
                Self.isUnknown(.validAt, or: .field(Self.path(.validAt), .times(TimeRange(lte: validAt)))))
            if kind == .edge { filter.must.append(lasts(beyond: validAt)) }
        }
        return filter.isEmpty ? nil : filter
    }

    /// What has no end lasts unless it was taken back: known to be wrong, and so never so.
    private func lasts(beyond moment: Timestamp) -> PayloadCondition {
        let isRight = Self.isUnknown(
            .expiredAt, or: .field(Self.path(.expiredAt), .times(TimeRange(gt: knownAt ?? .latest))))
        let isOpen = PayloadFilter(must: [.field(Self.path(.invalidAt), .isEmpty(true)), isRight])
        return .filter(
            PayloadFilter(should: [.field(Self.path(.invalidAt), .times(TimeRange(gt: moment))), .filter(isOpen)]))
    }

    /// Asks what was so at a moment, as it was known at another.
    public mutating func limit(to asOf: AsOf) { (validAt, knownAt) = (asOf.valid, asOf.known) }

    private static func path(_ field: TimeField) -> PayloadPath { PayloadPath(name: field.rawValue) }

    private static func isUnknown(_ field: TimeField, or condition: PayloadCondition) -> PayloadCondition {
        .filter(PayloadFilter(should: [.field(path(field), .isEmpty(true)), condition]))
    }
}

extension GraphFilters.TimeField {
    /// Whether the elements of a kind have it.
    func isOf(_ kind: ElementKind) -> Bool {
        switch self {
        case .createdAt: true
        case .validAt: kind != .node
        case .invalidAt, .expiredAt: kind == .edge
        }
    }
}

extension GraphFilters.TimeCondition {
    fileprivate func condition(on path: PayloadPath) -> PayloadCondition {
        switch comparison {
        case .equal: .field(path, .times(TimeRange(gte: date, lte: date)))
        case .different:
            .filter(
                PayloadFilter(
                    must: [.field(path, .isEmpty(false))],
                    mustNot: [.field(path, .times(TimeRange(gte: date, lte: date)))]
                ))
        case .later: .field(path, .times(TimeRange(gt: date)))
        case .earlier: .field(path, .times(TimeRange(lt: date)))
        case .notEarlier: .field(path, .times(TimeRange(gte: date)))
        case .notLater: .field(path, .times(TimeRange(lte: date)))
        case .missing: .field(path, .isEmpty(true))
        case .known: .field(path, .isEmpty(false))
        }
    }
}
