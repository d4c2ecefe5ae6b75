public import ChangeLog
public import Core
public import Storage

/// The relations of all tenants: their rows, and what the change log is told of them.
public struct Relations: Sendable {
    /// How many relations a tenant has at most.
    public static let limit = 10_000

    /// Writes a relation. It is held by the edges that are written from then on.
    ///
    /// - returns: whether there was none of its name.
    /// - throws: ``Failure`` `too_many_relations`.
    public func put(_ relation: Relation, in unit: UnitOfWork) throws -> Bool {
        let document = JSONWriter.bytes(of: relation)
        if let before = try find([relation.name], of: unit.tenant, in: unit.transaction)[relation.name] {
            guard before != relation else { return false }
            try unit.recordUpdate(
                Relation.entityType, relation.entity, before: JSONWriter.bytes(of: before), after: document)
            try unit.transaction.execute(
                """
                UPDATE graph_relations SET document = \(SQLValue.utf8(document))
                WHERE tenant = \(unit.tenant) AND name = \(relation.name)
                """)
            return false
        }
        let count = try unit.transaction.first(
            "SELECT COUNT(*) FROM graph_relations WHERE tenant = \(unit.tenant)"
        ) { $0.integer(0) }
        guard count ?? 0 < Self.limit else {
            throw Failure.conflict(
                "too_many_relations", "There are \(Self.limit) relations already: delete some that are not needed.")
        }
        try unit.recordInsert(Relation.entityType, relation.entity, after: document)
        try unit.transaction.execute(
            "INSERT INTO graph_relations VALUES (\(unit.tenant), \(relation.name), \(SQLValue.utf8(document)))")
        return true
    }

    /// Deletes a relation. Edges of its name stay as they are.
    ///
    /// - throws: ``Failure`` `relation_not_found`.
    public func delete(_ name: String, in unit: UnitOfWork) throws {
        let relation = try require(name, of: unit.tenant, in: unit.transaction)
        try unit.recordDelete(Relation.entityType, relation.entity, before: JSONWriter.bytes(of: relation))
        try unit.transaction.execute(
            "DELETE FROM graph_relations WHERE tenant = \(unit.tenant) AND name = \(name)")
    }

    /// The relations of some names that there are.
    public func find(
        _ names: some Collection<String>, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: Relation] {
        var found: [String: Relation] = [:]
        let names = Array(names)
        for start in stride(from: 0, to: names.count, by: GraphElements.chunk) {
            let chunk = names[start..<min(start + GraphElements.chunk, names.count)]
            let relations = try transaction.rows(
                "SELECT r.document FROM graph_relations r WHERE r.tenant = \(tenant) AND r.name IN (\(list: chunk))"
            ) { try Relation(StoredFields($0.bytes(0))) }
            for relation in relations { found[relation.name] = relation }
        }
        return found
    }

    /// A relation by its name.
    ///
    /// - throws: ``Failure`` `relation_not_found`.
    public func require(_ name: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Relation {
        guard let relation = try find([name], of: tenant, in: transaction)[name] else {
            throw Failure(
                .notFound, code: "relation_not_found",
                "Nothing is said of the relation \(name.prefix(ElementHeader.idLength.upperBound)).")
        }
        return relation
    }

    /// All relations of a tenant, by their names.
    public func list(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Relation] {
        try transaction.rows(
            "SELECT r.document FROM graph_relations r WHERE r.tenant = \(tenant) ORDER BY r.name LIMIT \(Self.limit)"
        ) { try Relation(StoredFields($0.bytes(0))) }
    }
}
