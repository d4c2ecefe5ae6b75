public import ChangeLog
public import Core
public import Storage

/// What kinds of interactions are worth to all tenants.
public struct InteractionTypes: Sendable {
    /// How many a tenant says something of at most.
    public static let limit = 1_000

    /// What kinds of interactions are worth to all tenants.
    public init() {}

    /// Says what a kind of interaction is worth, from then on.
    ///
    /// - returns: it as it is now, and whether nothing was said of it before.
    /// - throws: ``Failure`` `too_many_interaction_types`.
    public func put(
        _ name: String, weight: Double, description: String?, in unit: UnitOfWork
    ) throws -> (type: InteractionType, isNew: Bool) {
        if let before = try stored(of: unit.tenant, in: unit.transaction)[name] {
            var after = before
            (after.weight, after.description) = (weight, description)
            guard after != before else { return (before, false) }
            after.updatedAt = unit.now
            let document = JSONWriter.bytes(of: after)
            try unit.recordUpdate(
                InteractionType.entityType, after.id, before: JSONWriter.bytes(of: before), after: document)
            try unit.transaction.execute(
                """
                UPDATE interaction_types SET document = \(SQLValue.utf8(document))
                WHERE tenant = \(unit.tenant) AND name = \(name)
                """)
            return (after, false)
        }
        let count = try unit.transaction.first(
            "SELECT COUNT(*) FROM interaction_types WHERE tenant = \(unit.tenant)"
        ) { $0.integer(0) }
        guard count ?? 0 < Self.limit else {
            throw Failure.conflict(
                "too_many_interaction_types",
                "There are \(Self.limit) types of interactions already: delete some that are not needed.")
        }
        let type = InteractionType(name, weight: weight, description: description, of: unit.tenant, at: unit.now)
        let document = JSONWriter.bytes(of: type)
        try unit.recordInsert(InteractionType.entityType, type.id, after: document)
        try unit.transaction.execute(
            "INSERT INTO interaction_types VALUES (\(unit.tenant), \(name), \(SQLValue.utf8(document)))")
        return (type, InteractionType.builtIn[name] == nil)
    }

    /// Forgets what was said of a kind of interaction. One that is built in is worth again what it was.
    ///
    /// - throws: ``Failure`` `interaction_type_not_found`.
    public func delete(_ name: String, in unit: UnitOfWork) throws {
        guard let type = try stored(of: unit.tenant, in: unit.transaction)[name] else { throw Self.notFound(name) }
        try unit.recordDelete(InteractionType.entityType, type.id, before: JSONWriter.bytes(of: type))
        try unit.transaction.execute("DELETE FROM interaction_types WHERE tenant = \(unit.tenant) AND name = \(name)")
    }

    /// A kind of interaction by its name.
    ///
    /// - throws: ``Failure`` `interaction_type_not_found`.
    public func require(
        _ name: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> InteractionType {
        guard let type = try list(of: tenant, in: transaction).first(where: { $0.name == name }) else {
            throw Self.notFound(name)
        }
        return type
    }

    /// All that are built in or of which the tenant has said something, by their names.
    public func list(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [InteractionType] {
        var types = InteractionType.builtIn.reduce(into: [:]) { types, type in
            types[type.key] = InteractionType(type.key, weight: type.value, of: tenant)
        }
        types.merge(try stored(of: tenant, in: transaction)) { $1 }
        return types.values.sorted { $0.name < $1.name }
    }

    /// What the kinds are worth of which the tenant has said something.
    func weights(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [String: Double] {
        try stored(of: tenant, in: transaction).mapValues(\.weight)
    }

    private func stored(
        of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: InteractionType] {
        let types = try transaction.rows(
            "SELECT t.document FROM interaction_types t WHERE t.tenant = \(tenant) LIMIT \(Self.limit)"
        ) { try InteractionType(StoredFields($0.bytes(0)), of: tenant) }
        return Dictionary(types.map { ($0.name, $0) }) { $1 }
    }

    private static func notFound(_ name: String) -> Failure {
        Failure(
            .notFound, code: "interaction_type_not_found",
            "Nothing is said of interactions of the type \(name.prefix(50)).")
    }
}
