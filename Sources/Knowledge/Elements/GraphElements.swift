public import ChangeLog
public import Core
import Search
public import Storage

/// The elements of the graphs of all tenants: their rows, and what the change log is told of them.
public struct GraphElements: Sendable {
    /// How many elements are read or written by one statement.
    static let chunk = 500
    /// What the change log names when the vector of an element has changed.
    static let embeddingField = "embedding"

    /// How many components the vectors of all elements have.
    public let dimensions: Int

    private static let rows = Insertion(into: "graph_elements", "place, tenant, document, embedding")

    /// - parameter dimensions: how many components vectors have.
    public init(dimensions: Int) { self.dimensions = dimensions }

    // MARK: Writing

    /// An element that is to be written with a vector, if there is one.
    ///
    /// - parameter pointer: where the vector stands in the request.
    /// - throws: ``Failure`` `invalid_request` when the vector does not fit.
    public func draft<Element: GraphElement>(
        _ element: Element, embedding: [Float]? = nil, at pointer: String = "/embedding"
    ) throws -> ElementDraft<Element> {
        ElementDraft(
            element,
            embedding: try embedding.map { try VectorMetric.cosine.prepare($0, dimensions: dimensions, at: pointer) })
    }

    /// Writes elements: those that are there already are replaced as a whole, and keep the time when they were made.
    ///
    /// - parameter drafts: elements with different ids.
    /// - returns: the elements as they are now, in the order of the drafts.
    /// - throws: ``Failure`` `node_missing` when one needs a node that is not there.
    @discardableResult
    public func put<Element: GraphElement>(_ drafts: [ElementDraft<Element>], in unit: UnitOfWork) throws
        -> [WrittenElement<Element>]
    {
        var written: [WrittenElement<Element>] = []
        for start in stride(from: 0, to: drafts.count, by: Self.chunk) {
            let chunk = drafts[start..<min(start + Self.chunk, drafts.count)]
            try requireNodes(of: chunk.map(\.element), in: unit)
            let old = try find(
                Element.self, chunk.map(\.element.header.id), of: unit.tenant, lock: unit.transaction.rowLock(of: "e"),
                in: unit.transaction)
            var rows: [SQLValue] = []
            for draft in chunk {
                if let before = old[draft.element.header.id] {
                    written.append(.init(element: try replace(before, by: draft, in: unit), isNew: false))
                } else {
                    written.append(.init(element: try insert(draft, into: &rows, in: unit), isNew: true))
                }
            }
            if !rows.isEmpty { try unit.transaction.insert(Self.rows, rows) }
        }
        return written
    }

    /// Looks that the nodes are there that some elements cannot be without.
    private func requireNodes(of elements: [some GraphElement], in unit: UnitOfWork) throws {
        let needed = Set(elements.lazy.flatMap(\.neededNodes)).sorted()
        var missing: [String] = []
        for start in stride(from: 0, to: needed.count, by: Self.chunk) {
            let chunk = needed[start..<min(start + Self.chunk, needed.count)]
            // Whoever deletes one of them waits, and finds what is written here.
            let there = try unit.transaction.rows(
                "SELECT e.place FROM graph_elements e WHERE "
                    + ElementPlace.isAny(of: chunk, .node, of: unit.tenant) + unit.transaction.rowLock(of: "e")
            ) { $0.withBytes(0, ElementPlace.id) }
            missing += Set(chunk).subtracting(there).sorted()
        }
        guard let first = missing.first else { return }
        throw Failure.conflict(
            "node_missing",
            "There is no node \(first)\(missing.count > 1 ? ", nor \(missing.count - 1) others" : ""). "
                + "Write nodes before what refers to them.",
            details: [.init("nodes", .array(missing.prefix(100).map(JSONValue.string)))])
    }

    private func insert<Element: GraphElement>(
        _ draft: ElementDraft<Element>, into rows: inout [SQLValue], in unit: UnitOfWork
    ) throws -> Element {
        var element = draft.element
        element.header.version = 1
        element.header.updatedAt = unit.now
        element.header.dimensions = draft.embedding.map(\.count)
        let document = JSONWriter.bytes(of: element)
        try unit.recordInsert(Element.kind.entityType, element.entity, after: document)
        rows += [
            ElementPlace(Element.kind, element.header.id, of: unit.tenant).sqlValue, unit.tenant.sqlValue,
            .utf8(document), .bytes(Self.stored(draft.embedding)),
        ]
        return element
    }

    private func replace<Element: GraphElement>(
        _ before: Element, by draft: ElementDraft<Element>, in unit: UnitOfWork
    ) throws -> Element {
        var after = draft.element
        after.header.version = before.header.version
        after.header.createdAt = before.header.createdAt
        after.header.updatedAt = before.header.updatedAt
        let keepsEmbedding = draft.embedding == nil && before.embeddedText == after.embeddedText
        after.header.dimensions = keepsEmbedding ? before.header.dimensions : draft.embedding.map(\.count)
        guard after != before || draft.embedding != nil else { return before }
        after.header.version += 1
        after.header.updatedAt = unit.now
        let document = JSONWriter.bytes(of: after)
        let old = JSONWriter.bytes(of: before)
        var changed = try JSONDifference.changedMembers(old, document)
        var assignments: SQL = "document = \(SQLValue.utf8(document))"
        if !keepsEmbedding {
            changed.append(Self.embeddingField)
            assignments += ", embedding = \(SQLValue.bytes(Self.stored(draft.embedding)))"
        }
        try unit.recordUpdate(Element.kind.entityType, after.entity, before: old, after: document, changed: changed)
        try unit.transaction.enqueue(
            "UPDATE graph_elements AS e SET " + assignments + " WHERE "
                + ElementPlace.isAny(of: [after.header.id], Element.kind, of: unit.tenant))
        return after
    }

    /// Deletes elements of a kind. Edges of nodes are left to the caller (``KnowledgeRole/edges(of:_:)``).
    ///
    /// - parameter isWanted: is asked of each as it is for the unit of work.
    /// - returns: those that were there.
    @discardableResult
    public func delete<Element: GraphElement>(
        _ type: Element.Type, _ ids: [String], in unit: UnitOfWork, where isWanted: (Element) -> Bool = { _ in true }
    ) throws -> [Element] {
        var deleted: [Element] = []
        for start in stride(from: 0, to: ids.count, by: Self.chunk) {
            let chunk = Array(ids[start..<min(start + Self.chunk, ids.count)])
            let found = try find(
                Element.self, chunk, of: unit.tenant, lock: unit.transaction.rowLock(of: "e"), in: unit.transaction)
            let elements = chunk.compactMap { found[$0] }.filter(isWanted)
            guard !elements.isEmpty else { continue }
            for element in elements {
                try unit.recordDelete(
                    Element.kind.entityType, element.entity, before: JSONWriter.bytes(of: element))
            }
            try unit.transaction.execute(
                "DELETE FROM graph_elements AS e WHERE "
                    + ElementPlace.isAny(of: elements.map(\.header.id), Element.kind, of: unit.tenant))
            deleted += elements
        }
        return deleted
    }

    private static func stored(_ embedding: [Float]?) -> [UInt8] {
        var bytes: [UInt8] = []
        if let embedding { StoredVector.append(embedding, to: &bytes) }
        return bytes
    }

    // MARK: Reading

    /// The elements of some ids that are there.
    ///
    /// - parameter lock: what follows the query, to keep others from changing them.
    public func find<Element: GraphElement>(
        _: Element.Type, _ ids: [String], of tenant: Tenant, lock: SQL = "", in transaction: any ReadTransaction
    ) throws -> [String: Element] {
        guard !ids.isEmpty else { return [:] }
        let elements = try transaction.rows(
            "SELECT e.document FROM graph_elements e WHERE "
                + ElementPlace.isAny(of: ids, Element.kind, of: tenant) + lock
        ) { try Element(StoredFields($0.bytes(0))) }
        return Dictionary(elements.map { ($0.header.id, $0) }, uniquingKeysWith: { first, _ in first })
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

    /// The vectors of some elements that are there and have one.
    func embeddings(
        _ kind: ElementKind, _ ids: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: [Float]] {
        let rows = try transaction.rows(
            "SELECT e.place, e.embedding FROM graph_elements e WHERE "
                + ElementPlace.isAny(of: ids, kind, of: tenant)
        ) { (id: $0.withBytes(0, ElementPlace.id), vector: $0.withBytes(1, StoredVector.components)) }
        var found: [String: [Float]] = [:]
        for row in rows where !row.vector.isEmpty { found[row.id] = row.vector }
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
            SELECT e.place, e.tenant, e.document, e.embedding FROM graph_elements e
            WHERE e.place > \(SQLValue.bytes(last ?? [])) ORDER BY e.place LIMIT \(limit)
            """
        ) { row in
            guard let kind = row.withBytes(0, ElementPlace.kind) else {
                throw Failure(.internal, code: "corrupt_row", "An element of a graph stands at no place.")
            }
            let embedding = row.withBytes(3, StoredVector.components)
            return StoredElement(
                place: row.bytes(0), tenant: Tenant(row.integer(1)), kind: kind, fields: try StoredFields(row.bytes(2)),
                embedding: embedding.isEmpty ? nil : embedding)
        }
    }
}

/// An element as it is read on the way through the whole table.
struct StoredElement: Sendable {
    let place: [UInt8]
    let tenant: Tenant
    let kind: ElementKind
    let fields: StoredFields
    let embedding: [Float]?
}

extension GraphElement {
    /// What it is in the change log.
    var entity: Identifier { Identifier(hashing: Array("\(Self.kind.rawValue)/\(header.id)".utf8)) }
}
