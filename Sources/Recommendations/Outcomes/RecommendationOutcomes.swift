import ChangeLog
public import Core
public import Storage

/// What came of answers: how many there were, and what users did with the items in them, by day, algorithm and variant.
public struct RecommendationOutcomes: Sendable {
    /// What is counted of answers, beside the names of interactions.
    enum Served: String, CaseIterable {
        /// Answers that were given.
        case answers = "=answers"
        /// Items that stood in them.
        case items = "=items"
    }

    /// What users do about an answer.
    enum Response: String, CaseIterable {
        /// They look at an item.
        case click = "=clicks"
        /// They buy it.
        case conversion = "=conversions"

        /// The types of interactions that are it.
        fileprivate var types: [String] {
            switch self {
            case .click: ["click", "view"]
            case .conversion: ["purchase"]
            }
        }
    }

    /// As what an interaction of a type counts. One that is called as something else is counted is not counted.
    static func kinds(ofType type: String) -> [String] {
        type.hasPrefix("=") ? [] : [type] + Response.allCases.filter { $0.types.contains(type) }.map(\.rawValue)
    }

    /// The types of interactions that have a meaning of their own, whatever tenants say of them.
    static let builtInTypes = Set(InteractionType.builtIn.keys).union(Response.allCases.flatMap(\.types) + ["rating"])
    /// Under what interactions are counted of a type of which nothing is known.
    static let otherType = "other"

    private static let addition = Insertion(
        into: "recommendation_outcomes", "tenant, day, algorithm, variant, kind, count",
        ending: """
            ON CONFLICT (tenant, day, algorithm, variant, kind)
            DO UPDATE SET count = recommendation_outcomes.count + excluded.count
            """)
    /// How many rows one question reads at most: variants are named by clients, and so are types of interactions that
    /// tenants say something of.
    static let rowLimit = 10_000
    /// How many days are kept.
    static let keptDays: Int64 = 400

    /// What came of the answers to all tenants.
    public init() {}

    /// Adds what was counted. In an order of their own, so that those who add at the same time wait for each other
    /// in turn.
    func add(_ counts: [Row: Int], in transaction: any WriteTransaction) throws {
        let rows = counts.sorted { $0.key < $1.key }
        for statement in Self.addition.statements(rows.flatMap { $0.key.values + [$0.value.sqlValue] }) {
            try transaction.enqueue(statement)
        }
    }

    /// Deletes what was counted of a tenant too long ago.
    func deleteOld(of tenant: Tenant, on today: Int64, in transaction: any WriteTransaction) throws {
        try transaction.enqueue(
            """
            DELETE FROM recommendation_outcomes WHERE tenant = \(tenant) AND day < \(today - Self.keptDays)
            """)
    }

    /// What came of the answers of some days.
    ///
    /// - parameters:
    ///   - first: the first of them, as a moment within it.
    ///   - last: the last of them, as a moment within it.
    /// - throws: ``Failure`` `too_many_statistics` when it is more than one answer can hold.
    public func statistics(
        from first: Timestamp, to last: Timestamp, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [RecommendationStatistics] {
        var found: [String: RecommendationStatistics] = [:]
        let rows = try transaction.rows(
            """
            SELECT algorithm, variant, kind, CAST(SUM(count) AS BIGINT) FROM recommendation_outcomes
            WHERE tenant = \(tenant) AND day >= \(first.day) AND day <= \(last.day)
            GROUP BY algorithm, variant, kind HAVING SUM(count) <> 0
            ORDER BY algorithm, variant, kind LIMIT \(Self.rowLimit + 1)
            """
        ) { ($0.text(0), $0.text(1), $0.text(2), $0.integer(3)) }
        guard rows.count <= Self.rowLimit else {
            throw Failure.conflict(
                "too_many_statistics",
                "There are more than \(Self.rowLimit) different counts by algorithm, variant and type of interaction "
                    + "in these days: ask for fewer days by from and to.")
        }
        for (algorithm, variant, kind, count) in rows {
            let key = "\(algorithm)/\(variant)"
            var statistics = found[key] ?? RecommendationStatistics(algorithm: algorithm, variant: variant)
            switch (Served(rawValue: kind), Response(rawValue: kind)) {
            case (.answers, _): statistics.answers += count
            case (.items, _): statistics.items += count
            case (_, .click): statistics.clicks += count
            case (_, .conversion): statistics.conversions += count
            // One that is less is of a type of which the tenant did not say the same when it was counted.
            case (nil, nil): if count > 0 { statistics.interactions[kind] = count }
            }
            found[key] = statistics
        }
        return found.values.sorted { ($0.algorithm, $0.variant) < ($1.algorithm, $1.variant) }
    }

    /// What is counted together.
    struct Row: Hashable, Comparable, Sendable {
        let tenant: Tenant
        let day: Int64
        let algorithm: String
        let variant: String
        let kind: String

        init(
            _ tenant: Tenant, _ time: Timestamp, _ algorithm: RecommendationQuery.Algorithm, _ variant: String,
            kind: String
        ) {
            (self.tenant, day, self.variant, self.kind) = (tenant, time.day, variant, kind)
            self.algorithm = algorithm.rawValue
        }

        fileprivate var values: [SQLValue] {
            [tenant.sqlValue, day.sqlValue, .text(algorithm), .text(variant), .text(kind)]
        }

        static func < (left: Row, right: Row) -> Bool {
            (left.tenant.number, left.day, left.algorithm, left.variant, left.kind)
                < (right.tenant.number, right.day, right.algorithm, right.variant, right.kind)
        }
    }
}

extension Timestamp {
    /// The day since 1970.
    var day: Int64 { (microseconds / 86_400_000_000) - (microseconds < 0 ? 1 : 0) }
}

/// What came of the answers of an algorithm, in one variant of an experiment.
public struct RecommendationStatistics: JSONEncodable, Sendable, Hashable {
    /// By what items were ranked.
    public let algorithm: String
    /// The variant; empty for none.
    public let variant: String
    /// How many answers there were.
    public internal(set) var answers: Int64 = 0
    /// How many items stood in them.
    public internal(set) var items: Int64 = 0
    /// How often users did something with an item that stood in an answer, and said so, by the types of interactions:
    /// once for each user, answer, item and type.
    public internal(set) var interactions: [String: Int64] = [:]
    /// How often an item was clicked or viewed: once for each user, answer and item.
    public internal(set) var clicks: Int64 = 0
    /// How often an item was bought: once for each user, answer and item.
    public internal(set) var conversions: Int64 = 0

    private func rate(_ count: Int64) -> Double { items > 0 ? Double(count) / Double(items) : 0 }

    /// Which part of the items that stood in answers was clicked.
    public var clickRate: Double { rate(clicks) }
    /// Which part of the items that stood in answers was bought.
    public var conversionRate: Double { rate(conversions) }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("algorithm", algorithm)
            json.member("variant", variant.isEmpty ? nil : variant)
            json.member("answers", answers)
            json.member("items", items)
            json.key("interactions")
            json.object { json in
                for (type, count) in interactions.sorted(by: { $0.key < $1.key }) {
                    json.key(named: type)
                    json.value(count)
                }
            }
            json.member("clicks", clicks)
            json.member("click_rate", clickRate)
            json.member("conversions", conversions)
            json.member("conversion_rate", conversionRate)
        }
    }
}
