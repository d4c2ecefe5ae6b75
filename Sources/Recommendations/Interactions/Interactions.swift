public import ChangeLog
public import Core
public import Storage

/// What the users of all tenants did: its rows, and what the change log is told of it.
public struct Interactions: Sendable {
    static let columns: SQL = """
        x.id, x.user_id, x.entity_type, x.entity_id, x.interaction_type, x.weight, x.metadata, x.recommendation_id, \
        x.tenant, x.interacted_at
        """
    private static let rowColumns: SQL = """
        id, user_id, entity_type, entity_id, interaction_type, weight, metadata, recommendation_id, tenant, \
        interacted_at
        """
    private static let rows = Insertion(into: "interactions", rowColumns, hasNewKeys: true)
    /// For those that may be there already: it tells which were not.
    private static let newRows = Insertion(
        into: "interactions", rowColumns, ending: "ON CONFLICT DO NOTHING RETURNING id")

    let types: InteractionTypes
    private let attribution: Attribution

    /// What the users of all tenants did.
    ///
    /// - parameters:
    ///   - types: what kinds of interactions are worth.
    ///   - outcomes: what is told of those that followed from answers.
    public init(
        types: InteractionTypes = InteractionTypes(), outcomes: RecommendationOutcomes = RecommendationOutcomes()
    ) {
        (self.types, attribution) = (types, Attribution(types: types, outcomes: outcomes))
    }

    /// Writes interactions. One that says when it was and is there already stays as it is.
    ///
    /// - returns: the interactions in the order of the drafts.
    @discardableResult
    public func add(_ drafts: [InteractionDraft], in unit: UnitOfWork) throws -> [Interaction] {
        let weights = try types.weights(of: unit.tenant, in: unit.transaction)
        let interactions = drafts.map { draft in
            Interaction(
                id: draft.time.map { draft.identifier(at: $0) } ?? unit.makeIdentifier(), user: draft.user,
                item: draft.item, kind: draft.kind,
                weight: draft.weight ?? weights[draft.kind.name] ?? draft.kind.defaultWeight,
                metadata: draft.metadata, recommendation: draft.recommendation?.text(of: unit.tenant),
                tenant: unit.tenant,
                time: draft.time ?? unit.now)
        }
        let counted = try attribution.counted(like: interactions, in: unit)
        let dated = zip(drafts, interactions).filter { $0.0.time != nil }.map(\.1)
        var new: Set<Identifier> = []
        for statement in Self.newRows.statements(dated.flatMap(\.values)) {
            new.formUnion(try unit.transaction.rows(statement) { try $0.identifier(0) })
        }
        let undated = zip(drafts, interactions).filter { $0.0.time == nil }.map(\.1)
        if !undated.isEmpty { try unit.transaction.insert(Self.rows, undated.flatMap(\.values)) }
        new.formUnion(undated.map(\.id))
        let written = interactions.filter { new.remove($0.id) != nil }
        for interaction in written {
            try unit.recordInsert(
                Interaction.entityType, interaction.id, after: JSONWriter.bytes(of: interaction))
        }
        try attribution.credit(written, besides: counted, in: unit)
        return interactions
    }

    /// Takes interactions back.
    ///
    /// - returns: how many there were.
    @discardableResult
    public func remove(_ interactions: [Interaction], in unit: UnitOfWork) throws -> Int {
        for interaction in interactions {
            try unit.recordDelete(
                Interaction.entityType, interaction.id, before: JSONWriter.bytes(of: interaction))
            try unit.transaction.enqueue(
                """
                DELETE FROM interactions WHERE tenant = \(unit.tenant) AND user_id = \(interaction.user)
                    AND interacted_at = \(interaction.time) AND id = \(interaction.id)
                """)
        }
        try attribution.takeBack(interactions, in: unit)
        return interactions.count
    }

    /// The answers that a user's latest interactions with some items name, as far as these stood in them.
    ///
    /// - parameters:
    ///   - ids: of items of one type.
    ///   - times: when the interactions were.
    func answers(
        namedBy user: String, with ids: [String], of type: String, in times: ClosedRange<Timestamp>, _ tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> [String: RecommendationID] {
        let named = try transaction.rows(
            """
            SELECT x.entity_id, x.recommendation_id FROM interactions x
            WHERE x.tenant = \(tenant) AND x.user_id = \(user) AND x.interacted_at >= \(times.lowerBound)
                AND x.interacted_at <= \(times.upperBound) AND x.entity_type = \(type)
                AND x.entity_id IN (\(list: ids)) AND x.recommendation_id IS NOT NULL
            ORDER BY x.interacted_at DESC, x.id DESC
            """
        ) { ($0.text(0), RecommendationID($0.text(1), of: tenant)) }
        return named.reduce(into: [:]) { answers, row in
            guard answers[row.0] == nil, let answer = row.1, answer.contains(ItemKey(type, row.0)) else { return }
            answers[row.0] = answer
        }
    }

    /// The interactions of some drafts that say when they were, as far as they are there.
    ///
    /// - parameter users: whose they may be by now, each looked for with the id that it has by its draft.
    func find(
        _ drafts: [InteractionDraft], of users: [String], _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Interaction] {
        try drafts.compactMap { draft in
            guard let time = draft.time else { return nil }
            return try transaction.first(
                """
                SELECT \(Self.columns) FROM interactions x
                WHERE x.tenant = \(tenant) AND x.user_id IN (\(list: users)) AND x.interacted_at = \(time)
                    AND x.id = \(draft.identifier(at: time))
                """, Interaction.init(row:))
        }
    }

    /// What a user did, the latest first.
    ///
    /// - parameters:
    ///   - item: only with this; nil is with anything.
    ///   - kind: only this, by its name; nil is anything.
    public func list(
        of user: String, item: ItemKey? = nil, kind: String? = nil, limit: Int, offset: Int = 0, _ tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> [Interaction] {
        var query: SQL = """
            SELECT \(Self.columns) FROM interactions x WHERE x.tenant = \(tenant) AND x.user_id = \(user)
            """
        if let item { query += " AND x.entity_type = \(item.type) AND x.entity_id = \(item.id)" }
        if let kind {
            // As they stand there: `"view"`, `{"custom":"view"}`, and of the type `rating` each with its number.
            let forms = [InteractionKind.named(kind), .custom(kind)].map { SQLValue.utf8(JSONWriter.bytes(of: $0)) }
            query += " AND (x.interaction_type = \(forms[0]) OR x.interaction_type = \(forms[1])"
            if kind == "rating" { query += " OR x.interaction_type LIKE '{\"rating\":%'" }
            query += ")"
        }
        query += " ORDER BY x.interacted_at DESC, x.id DESC LIMIT \(limit) OFFSET \(offset)"
        return try transaction.rows(query, Interaction.init(row:))
    }

    /// Some interactions of a user, the oldest first.
    ///
    /// - parameters:
    ///   - item: only with this; nil is with anything.
    ///   - last: the one after which they come; nil begins.
    func page(
        of user: String, with item: ItemKey? = nil, after last: Interaction?, limit: Int, _ tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> [Interaction] {
        var query: SQL = """
            SELECT \(Self.columns) FROM interactions x WHERE x.tenant = \(tenant) AND x.user_id = \(user)
            """
        if let item { query += " AND x.entity_type = \(item.type) AND x.entity_id = \(item.id)" }
        if let last { query += " AND (x.interacted_at, x.id) > (\(last.time), \(last.id))" }
        query += " ORDER BY x.interacted_at, x.id LIMIT \(limit)"
        return try transaction.rows(query, Interaction.init(row:))
    }

    /// Some interactions in the order of tenants, users and times.
    ///
    /// - parameters:
    ///   - last: the one after which they come; nil begins.
    ///   - tenant: only of this tenant; nil is of all.
    public func page(
        after last: Interaction?, limit: Int, of tenant: Tenant? = nil, in transaction: any ReadTransaction
    ) throws -> [Interaction] {
        var query: SQL = "SELECT \(Self.columns) FROM interactions x"
        switch (tenant, last) {
        case (let tenant?, let last):
            query += " WHERE x.tenant = \(tenant)"
            if let last {
                query += " AND (x.user_id, x.interacted_at, x.id) > (\(last.user), \(last.time), \(last.id))"
            }
        case (nil, let last?):
            query += """
                 WHERE (x.tenant, x.user_id, x.interacted_at, x.id)
                    > (\(last.tenant), \(last.user), \(last.time), \(last.id))
                """
        case (nil, nil): break
        }
        query += " ORDER BY x.tenant, x.user_id, x.interacted_at, x.id LIMIT \(limit)"
        return try transaction.rows(query, Interaction.init(row:))
    }
}

extension Interaction {
    /// What a weight of 1 is in a row.
    static let weightUnit = 1_000_000.0

    /// The values of a row, in the order in which it is read.
    fileprivate var values: [SQLValue] {
        [
            .identifier(id), .text(user), .text(item.type), .text(item.id), .utf8(JSONWriter.bytes(of: kind)),
            .integer(Int64((weight * Self.weightUnit).rounded())),
            .utf8(metadata.members.isEmpty ? [] : JSONWriter.bytes(of: JSONValue.object(metadata))),
            recommendation.sqlValue, tenant.sqlValue, time.sqlValue,
        ]
    }

    init(row: Row) throws {
        guard let kind = InteractionKind(try JSONParser.parse(row.bytes(4))) else {
            throw Failure(.internal, code: "corrupt_row", "The type of an interaction cannot be read.")
        }
        var metadata = JSONObject()
        let bytes = row.bytes(6)
        if !bytes.isEmpty, case .object(let object) = try JSONParser.parse(bytes) { metadata = object }
        self.init(
            id: try row.identifier(0), user: row.text(1), item: ItemKey(row.text(2), row.text(3)), kind: kind,
            weight: Double(row.integer(5)) / Self.weightUnit, metadata: metadata, recommendation: row.optionalText(7),
            tenant: Tenant(row.integer(8)), time: row.timestamp(9))
    }

    /// Reads one of the change log.
    init(_ fields: StoredFields, of tenant: Tenant) throws {
        guard let id = Identifier(try fields.text("id")),
            let kind = fields["interaction_type"].flatMap(InteractionKind.init)
        else { throw Failure(.internal, code: "corrupt_row", "An interaction of the log cannot be read.") }
        self.init(
            id: id, user: try fields.text("user_id"),
            item: ItemKey(try fields.text("entity_type"), try fields.text("entity_id")), kind: kind,
            weight: try fields.number("weight"), metadata: JSONObject(),
            recommendation: nil, tenant: tenant, time: try fields.time("timestamp"))
    }
}
