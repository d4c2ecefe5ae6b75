import ChangeLog
public import Core
import Search
public import Storage

extension GraphElements {
    /// The elements of some ids that are there.
    public func find<Element: GraphElement>(
        _ type: Element.Type, _ ids: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: Element] {
        try find(type, ids, of: tenant, lock: "", in: transaction)
    }

    /// The elements of some ids that are there, as others leave them until the commit.
    func lock<Element: GraphElement>(
        _ type: Element.Type, _ ids: [String], in unit: UnitOfWork
    ) throws -> [String: Element] {
        try find(type, ids, of: unit.tenant, lock: unit.transaction.rowLock(of: "e"), in: unit.transaction)
    }

    /// - parameter lock: what follows the query, to keep others from changing them.
    private func find<Element: GraphElement>(
        _: Element.Type, _ ids: [String], of tenant: Tenant, lock: SQL, in transaction: any ReadTransaction
    ) throws -> [String: Element] {
        var found: [String: Element] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.chunk) {
            let chunk = ids[start..<min(start + Self.chunk, ids.count)]
            let elements = try transaction.rows(
                "SELECT e.document FROM graph_elements e WHERE "
                    + ElementPlace.isAny(of: chunk, Element.kind, of: tenant) + lock
            ) { try Element(StoredFields($0.bytes(0))) }
            for element in elements { found[element.header.id] = element }
        }
        return found
    }

    /// What the table has of some elements that are there: the JSON of each, by its id.
    public func documents(
        _ kind: ElementKind, _ ids: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: [UInt8]] {
        var documents: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.chunk) {
            let chunk = ids[start..<min(start + Self.chunk, ids.count)]
            let rows = try transaction.rows(
                "SELECT e.place, e.document FROM graph_elements e WHERE "
                    + ElementPlace.isAny(of: chunk, kind, of: tenant)
            ) { (id: $0.withBytes(0, ElementPlace.id), document: $0.bytes(1)) }
            for row in rows { documents[row.id] = row.document }
        }
        return documents
    }

    /// An element by its id.
    ///
    /// - throws: ``Failure`` `node_not_found`, `edge_not_found` or `episode_not_found`.
    public func require<Element: GraphElement>(
        _ type: Element.Type, _ id: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Element {
        guard let element = try find(type, [id], of: tenant, in: transaction)[id] else {
            throw Self.notFound(Element.kind, id)
        }
        return element
    }

    /// There is no such element.
    public static func notFound(_ kind: ElementKind, _ id: String) -> Failure {
        Failure(
            .notFound, code: "\(kind.rawValue)_not_found",
            "There is no \(kind.rawValue) \(id.prefix(ElementHeader.idLength.upperBound)) in the graph.")
    }

    /// The vectors of some elements that are there and have one of the size that is set.
    func embeddings(
        _ kind: ElementKind, _ ids: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: [Float]] {
        let rows = try transaction.rows(
            "SELECT e.place, e.embedding FROM graph_elements e WHERE "
                + ElementPlace.isAny(of: ids, kind, of: tenant)
        ) { (id: $0.withBytes(0, ElementPlace.id), vector: $0.withBytes(1, StoredVector.components)) }
        var found: [String: [Float]] = [:]
        for row in rows where row.vector.count == dimensions { found[row.id] = row.vector }
        return found
    }

    /// Some elements of all tenants, by ascending place.
    ///
    /// - parameters:
    ///   - last: the place of the last one that was read before; nil begins.
    ///   - limit: how many there are at most.
    func page(after last: [UInt8]?, limit: Int, in transaction: any ReadTransaction) throws -> [StoredElement] {
        try transaction.rows(
            """
            SELECT \(StoredElement.columns) FROM graph_elements e
            WHERE e.place > \(SQLValue.bytes(last ?? [])) ORDER BY e.place LIMIT \(limit)
            """
        ) { try StoredElement($0, dimensions: dimensions) }
    }

    /// Some elements of a tenant that have stood there as they are since a moment, by ascending place.
    ///
    /// - parameters:
    ///   - last: the place of the last one that was read before; nil begins.
    ///   - limit: how many there are at most.
    func page(
        after last: [UInt8]?, of tenant: Tenant, since moment: Timestamp, limit: Int,
        in transaction: any ReadTransaction
    ) throws -> [StoredElement] {
        let bounds = ElementPlace.bounds(of: tenant)
        return try transaction.rows(
            """
            SELECT \(StoredElement.columns) FROM graph_elements e
            WHERE e.place > \(SQLValue.bytes(last ?? bounds.lower)) AND e.place < \(SQLValue.bytes(bounds.upper))
                AND e.recorded_at <= \(moment)
            ORDER BY e.place LIMIT \(limit)
            """
        ) { try StoredElement($0, dimensions: dimensions) }
    }

    /// The edges that lead from or to some nodes, by ascending ids.
    public func edges(
        of nodes: some Collection<String>, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [GraphEdge] {
        let wanted = Set(nodes)
        let keys = wanted.map { EdgeKeys.node($0, of: tenant) }
        var found: [String: GraphEdge] = [:]
        for end in EdgeKeys.End.allCases {
            for edge in try edges(keys, at: end, of: tenant, lock: "", in: transaction)
            where wanted.contains(edge.source) || wanted.contains(edge.target) {
                found[edge.header.id] = edge
            }
        }
        return found.values.sorted { $0.header.id < $1.header.id }
    }

    /// How many edges lead from or to some nodes, as far as their hashes tell, and no more than a number at each end.
    func edgeCount(
        of nodes: Set<String>, atMost limit: Int, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Int {
        let keys = nodes.map { EdgeKeys.node($0, of: tenant) }.sorted()
        return try EdgeKeys.End.allCases.reduce(0) { count, end in
            let found = try transaction.rows(
                "SELECT 1 FROM graph_elements e WHERE " + end.column
                    + " IN (\(list: keys)) AND e.tenant = \(tenant) LIMIT \(limit)"
            ) { $0.integer(0) }
            return count + found.count
        }
    }

    /// Whether an edge of a relation leads to a node, as far as their hashes tell.
    func isTarget(
        _ node: String, of relation: String, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.exists(
            """
            SELECT 1 FROM graph_elements e
            WHERE e.target_key = \(EdgeKeys.node(node, of: tenant))
                AND e.relation_key = \(EdgeKeys.relation(relation)) AND e.tenant = \(tenant) LIMIT 1
            """)
    }

    /// The edges of a relation that have some nodes at one end, as others leave them until the commit.
    ///
    /// - parameters:
    ///   - others: what they have at the other end; nil is whatever it is.
    ///   - moment: what had ended before it is left out.
    func edges(
        named name: String, having nodes: Set<Int64>, at end: EdgeKeys.End, and others: Set<Int64>? = nil,
        notEndedBefore moment: Timestamp, in unit: UnitOfWork
    ) throws -> [GraphEdge] {
        var conditions: SQL = "AND e.relation_key = \(EdgeKeys.relation(name)) AND e.lasts_until >= \(moment)"
        if let others { conditions += " AND " + end.other.column + " IN (\(list: others.sorted()))" }
        return try edges(
            Array(nodes), at: end, of: unit.tenant, lock: conditions + unit.transaction.rowLock(of: "e"),
            in: unit.transaction)
    }

    /// - parameter lock: what follows the conditions.
    private func edges(
        _ nodes: [Int64], at end: EdgeKeys.End, of tenant: Tenant, lock: SQL, in transaction: any ReadTransaction
    ) throws -> [GraphEdge] {
        let nodes = nodes.sorted()
        var found: [GraphEdge] = []
        for start in stride(from: 0, to: nodes.count, by: Self.chunk) {
            let chunk = nodes[start..<min(start + Self.chunk, nodes.count)]
            found += try transaction.rows(
                "SELECT e.document FROM graph_elements e WHERE " + end.column
                    + " IN (\(list: chunk)) AND e.tenant = \(tenant) " + lock
            ) { try GraphEdge(StoredFields($0.bytes(0))) }
        }
        return found
    }
}
