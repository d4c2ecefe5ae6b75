import Core
import Expressions
import Recommendations

extension RecommendationQuery {
    /// How many items a request excludes at most, and how many stand for a history.
    private static let itemLimit = 1_000
    /// How long a condition may be, in characters.
    static let conditionLength = 1...4_096

    /// Whether the answer follows from the question and the state alone.
    var isRepeatable: Bool {
        rotation == nil && exploration == 0
            && ([filter].compactMap(\.self) + boosters.map(\.filter)).allSatisfy { !$0.asksForCircumstances }
    }

    /// Whether it may take longer than an event loop can be held up: a filter that is new is held against each item,
    /// and those that are to differ are compared with each other.
    var mayTakeLong: Bool { filter != nil || !categories.isEmpty || diversity > 0 }

    /// Reads one of a body.
    init(_ fields: inout JSONFields, of tenant: Tenant) {
        fields.recommendationTenant(tenant)
        let user = fields.optionalGraphName("user_id", length: Interaction.userLength)
        let entity = fields.optionalObject("entity") { $0.itemKey() }
        let history = fields.optionalObjects("history", count: 1...Self.itemLimit) { $0.itemKey() }
        let bundle = fields.optionalObjects("bundle", count: 1...100) { $0.itemKey() }
        let subjects = [
            user.map(Subject.user), entity.map(Subject.item), history.map(Subject.items), bundle.map(Subject.bundle),
        ].compactMap(\.self)
        if subjects.count > 1 { fields.reject("user_id", "One of user_id, entity, history and bundle is expected.") }
        self.init(subjects.first ?? .everybody)
        algorithm = fields.optionalChoice("algorithm", Algorithm.self) ?? (subject == .everybody ? .trending : .hybrid)
        count = Int(fields.optionalInteger("count", in: 1...Int64(Self.countLimit)) ?? 10)
        type = fields.optionalGraphName("entity_type", length: ItemKey.typeLength)
        includesSeen = fields.optionalBool("include_seen") ?? false
        excluded = Set(fields.optionalObjects("exclude", count: 0...Self.itemLimit) { $0.itemKey() } ?? [])
        categories = fields.optionalCategories("category")
        filter = fields.optionalCondition("filter")
        readRanking(&fields, of: tenant)
        rejectIdle(&fields)
    }

    /// What could change nothing is refused rather than passed over.
    private func rejectIdle(_ fields: inout JSONFields) {
        if subject == .everybody, ![.popular, .trending].contains(algorithm) {
            fields.reject("algorithm", "For everybody, popular or trending is expected.")
        }
        switch subject {
        case .user, .items: break
        case .item, .bundle, .everybody:
            if includesSeen { fields.reject("include_seen", "Only with user_id or history.") }
        }
        guard weights != nil else { return }
        if algorithm != .hybrid { fields.reject("weights", Self.weightsExpected) }
        if case .bundle = subject { fields.reject("weights", "What goes with a bundle has no parts to weigh.") }
    }

    static let weightsExpected = "Only with the algorithm hybrid: the others have no parts to weigh."

    /// Reads what changes the order of what was found.
    private mutating func readRanking(_ fields: inout JSONFields, of tenant: Tenant) {
        weights = fields.optionalObject("weights") { fields in
            var weights: [Algorithm: Double] = [:]
            for part in [Algorithm.collaborative, .contentBased, .session, .popular] {
                weights[part] = fields.optionalNumber(part.rawValue, in: 0...1_000)
            }
            return weights
        }
        boosters =
            fields.optionalObjects("boosters", count: 0...Self.boosterLimit) { fields -> Booster? in
                fields.requireValue("filter")
                let factor = fields.optionalNumber("factor", in: Self.boosterFactors) ?? 2
                return fields.optionalCondition("filter").map { Booster($0, factor: factor) }
            }?.compactMap(\.self) ?? []
        diversity = fields.optionalNumber("diversity", in: 0...1) ?? 0
        exploration = fields.optionalNumber("exploration", in: 0...1) ?? 0
        if let rate = fields.optionalNumber("rotation_rate", in: 0...1) {
            let period = fields.optionalInteger("rotation_period", in: 1...31_536_000) ?? 86_400
            rotation = Rotation(rate: rate, period: period)
        }
        previous = fields.optionalRecommendationID(of: tenant)
        variant = fields.optionalString("variant", length: 1...Self.variantLength) ?? ""
    }

    static let unknownID = "There is no such recommendation_id: send one that an answer has named."
    /// How many categories one question names.
    static let categoryCount = 1...100
    /// How long the name of a category may be, in characters.
    static let categoryLength = 1...255
    /// How long the name of a variant may be, in characters.
    static let variantLength = RecommendationID.variantLimit / 4
}

extension JSONFields {
    /// What names an answer.
    mutating func optionalRecommendationID(of tenant: Tenant) -> RecommendationID? {
        let name = "recommendation_id"
        guard let text = optionalString(name, length: 1...RecommendationID.lengthLimit) else { return nil }
        let id = RecommendationID(text, of: tenant)
        if id == nil { reject(name, RecommendationQuery.unknownID) }
        return id
    }

    /// One category, or a list of them.
    fileprivate mutating func optionalCategories(_ name: String) -> Set<String> {
        let length = RecommendationQuery.categoryLength
        if case .string? = value(name) { return Set([optionalString(name, length: length)].compactMap(\.self)) }
        return Set(optionalStrings(name, count: RecommendationQuery.categoryCount, length: length) ?? [])
    }

    /// A number within bounds.
    fileprivate mutating func optionalNumber(_ name: String, in bounds: ClosedRange<Double>) -> Double? {
        guard let value = value(name), value != .null else { return nil }
        guard case .number(let digits) = value, let number = Double(digits), bounds.contains(number) else {
            reject(name, "A number from \(bounds.lowerBound) to \(bounds.upperBound) is expected.")
            return nil
        }
        return number
    }

    /// A condition on the attributes of items.
    fileprivate mutating func optionalCondition(_ name: String) -> Condition? {
        guard let text = optionalString(name, length: RecommendationQuery.conditionLength) else { return nil }
        do {
            return try Condition(parsing: text)
        } catch {
            reject(name, error.message)
            return nil
        }
    }
}

extension QueryReader {
    /// Reads what all questions for recommendations have in common: what can change the answer of each of them.
    mutating func readCommon(into query: inout RecommendationQuery, of tenant: Tenant) {
        query.type = optionalGraphName("entity_type", length: ItemKey.typeLength)
        query.count = Int(optionalInteger("count", in: 1...Int64(RecommendationQuery.countLimit)) ?? 10)
        query.categories = Set(
            optionalStrings(
                "category", count: RecommendationQuery.categoryCount, length: RecommendationQuery.categoryLength) ?? [])
        if let text = optionalString("filter", length: RecommendationQuery.conditionLength) {
            do { query.filter = try Condition(parsing: text) } catch { reject("filter", error.message) }
        }
        if let excluded = optionalStrings("exclude", count: 1...100, length: ItemKey.idLength) {
            guard let type = query.type else {
                reject("exclude", "With entity_type: ids alone do not say which entities they are.")
                return
            }
            query.excluded = Set(excluded.map { ItemKey(type, $0) })
        }
        if let text = optionalString("recommendation_id", length: 1...RecommendationID.lengthLimit) {
            query.previous = RecommendationID(text, of: tenant)
            if query.previous == nil { reject("recommendation_id", RecommendationQuery.unknownID) }
        }
        query.variant = optionalString("variant", length: 1...RecommendationQuery.variantLength) ?? ""
        query.diversity = optionalNumber("diversity", in: 0...1) ?? 0
        tenantName(of: tenant)
    }

    /// Reads how much the parts of the hybrid count. The names are those of the seed and of its README, which differ.
    mutating func readWeights(into query: inout RecommendationQuery) {
        let collaborative = optionalNumber("collaborative_weight", in: 0...1)
        let content =
            optionalNumber("content_weight", in: 0...1) ?? optionalNumber("content_based_weight", in: 0...1)
        guard let name = collaborative != nil ? "collaborative_weight" : content.map({ _ in "content_weight" }) else {
            return
        }
        if query.algorithm != .hybrid { reject(name, RecommendationQuery.weightsExpected) }
        if let collaborative, let content, abs(collaborative + content - 1) > 0.001 {
            reject("content_weight", "The weights must come to 1.")
        }
        let share = collaborative ?? 1 - (content ?? 0)
        query.weights = [.collaborative: share, .session: share, .contentBased: content ?? 1 - share]
    }

    /// A number within bounds.
    private mutating func optionalNumber(_ name: String, in bounds: ClosedRange<Double>) -> Double? {
        guard let text = optionalString(name, length: 1...32) else { return nil }
        guard let number = Double(text), bounds.contains(number) else {
            reject(name, "A number from \(bounds.lowerBound) to \(bounds.upperBound) is expected.")
            return nil
        }
        return number
    }

    /// Clients of the seed name the tenant, which nobody has to: it is the credential's.
    mutating func tenantName(of tenant: Tenant) {
        guard let name = optionalString("tenant_id", length: 0...255) else { return }
        if !RecommendationTenant.isName(name, of: tenant) { reject("tenant_id", RecommendationTenant.problem) }
    }
}

/// What clients may call their own tenant.
enum RecommendationTenant {
    /// What is wrong with the name of another one.
    static let problem =
        "The tenant is that of the API key: leave tenant_id out, or send what answers name (default for the first one)."

    static func isName(_ name: String, of tenant: Tenant) -> Bool {
        name == "default" || name == String(tenant.number)
    }
}
