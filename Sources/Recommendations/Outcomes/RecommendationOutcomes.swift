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

    private static let addition = Insertion(
        into: "recommendation_outcomes", "tenant, day, algorithm, variant, kind, count",
        ending: """
            ON CONFLICT (tenant, day, algorithm, variant, kind)
            DO UPDATE SET count = recommendation_outcomes.count + excluded.count
            """)
    /// How many rows one question reads at most: variants and types of interactions are named by clients.
    static let rowLimit = 10_000
    /// How many days are kept.
    static let keptDays: Int64 = 400

    /// What came of the answers to all tenants.
    public init() {}

    /// Counts interactions that followed from answers.
    func count(_ drafts: [InteractionDraft], in unit: UnitOfWork) throws {
        var counts: [Row: Int] = [:]
        for draft in drafts {
            guard let id = draft.recommendation, id.contains(draft.item) else { continue }
            counts[Row(unit.tenant, unit.now, id.algorithm, id.variant, kind: draft.kind.name), default: 0] += 1
        }
        try add(counts, in: unit.transaction)
    }

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
            GROUP BY algorithm, variant, kind ORDER BY algorithm, variant, kind LIMIT \(Self.rowLimit + 1)
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
            switch Served(rawValue: kind) {
            case .answers: statistics.answers += count
            case .items: statistics.items += count
            case nil: statistics.interactions[kind, default: 0] += count
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
    /// The types of interactions that are clicks.
    private static let clicks = ["click", "view"]
    /// The types of interactions that are conversions.
    private static let conversions = ["purchase"]

    /// By what items were ranked.
    public let algorithm: String
    /// The variant; empty for none.
    public let variant: String
    /// How many answers there were.
    public internal(set) var answers: Int64 = 0
    /// How many items stood in them.
    public internal(set) var items: Int64 = 0
    /// What users did with items that stood in an answer, and said so, by the types of interactions.
    public internal(set) var interactions: [String: Int64] = [:]

    private func rate(_ types: [String]) -> Double {
        let count = types.reduce(0) { $0 + (interactions[$1] ?? 0) }
        return answers > 0 ? Double(count) / Double(answers) : 0
    }

    /// Clicks for each answer.
    public var clickRate: Double { rate(Self.clicks) }
    /// Conversions for each answer.
    public var conversionRate: Double { rate(Self.conversions) }

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
            json.member("click_rate", clickRate)
            json.member("conversion_rate", conversionRate)
        }
    }
}
