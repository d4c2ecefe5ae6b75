public import ChangeLog
import Core
import Search
import Storage

/// The elements of the graphs of all tenants: their rows, and what the change log is told of them.
public struct GraphElements: Sendable {
    /// How many elements are read or written by one statement.
    static let chunk = 500
    /// What the change log names when the vector of an element has changed.
    static let embeddingField = "embedding"

    /// How many components the vectors of all elements have.
    public let dimensions: Int

    /// What elements were before.
    public let history: ElementHistory

    private static let rows = Insertion(
        into: "graph_elements",
        "place, tenant, source_key, target_key, relation_key, lasts_until, recorded_at, document, embedding")

    /// - parameter dimensions: how many components vectors have.
    public init(dimensions: Int) {
        self.dimensions = dimensions
        history = ElementHistory(dimensions: dimensions)
    }

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
            let old = try lock(Element.self, chunk.map(\.element.header.id), in: unit)
            var rows: [SQLValue] = []
            for draft in try withoutKnownVectors(Array(chunk), old, in: unit) {
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

    /// Writes those elements that are not there yet; the others stay as they are. The first of several with one id
    /// counts.
    ///
    /// - returns: all of them as they are now, in the order of the drafts, each once.
    public func add<Element: GraphElement>(_ drafts: [ElementDraft<Element>], in unit: UnitOfWork) throws
        -> [WrittenElement<Element>]
    {
        var seen: Set<String> = []
        let drafts = drafts.filter { seen.insert($0.element.header.id).inserted }
        let there = try find(Element.self, drafts.map(\.element.header.id), of: unit.tenant, in: unit.transaction)
        let new = try put(drafts.filter { there[$0.element.header.id] == nil }, in: unit)
        let written = Dictionary(new.map { ($0.element.header.id, $0) }, uniquingKeysWith: { first, _ in first })
        return drafts.compactMap { draft in
            let id = draft.element.header.id
            return written[id] ?? there[id].map { WrittenElement(element: $0, isNew: false) }
        }
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
                    + ElementPlace.isThere(chunk, .node, of: unit.tenant) + unit.transaction.rowLock(of: "e")
            ) { $0.withBytes(0, ElementPlace.id) }
            missing += Set(chunk).subtracting(there).sorted()
        }
        guard let first = missing.first else { return }
        let others = missing.count - 1
        throw Failure.conflict(
            "node_missing",
            "There is no node \(first)\(others > 0 ? ", nor \(others) other\(others > 1 ? "s" : "")" : ""). "
                + "Write nodes before what refers to them.",
            details: [.init("nodes", .array(missing.prefix(100).map(JSONValue.string)))])
    }

    /// What comes with the text and the vector that are there keeps its vector, so that nothing is written where
    /// nothing is different.
    private func withoutKnownVectors<Element: GraphElement>(
        _ drafts: [ElementDraft<Element>], _ old: [String: Element], in unit: UnitOfWork
    ) throws -> [ElementDraft<Element>] {
        let places = drafts.indices.filter { index in
            guard let embedding = drafts[index].embedding, let before = old[drafts[index].element.header.id] else {
                return false
            }
            return before.header.dimensions == embedding.count
                && before.embeddedText == drafts[index].element.embeddedText
        }
        guard !places.isEmpty else { return drafts }
        var drafts = drafts
        let known = try embeddings(
            Element.kind, places.map { drafts[$0].element.header.id }, of: unit.tenant, in: unit.transaction)
        for place in places where known[drafts[place].element.header.id] == drafts[place].embedding {
            drafts[place].embedding = nil
        }
        return drafts
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
        rows += [ElementPlace(Element.kind, element.header.id, of: unit.tenant).sqlValue, unit.tenant.sqlValue]
        rows += EdgeKeys.values(of: element.keys(of: unit.tenant))
        rows += [
            min(element.header.createdAt, unit.now).sqlValue, .utf8(document), .bytes(Self.stored(draft.embedding)),
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
        after.header.updatedAt = max(unit.now, before.header.updatedAt)
        try history.keep([after.header.id], Element.kind, until: after.header.updatedAt, in: unit)
        let document = JSONWriter.bytes(of: after)
        let old = JSONWriter.bytes(of: before)
        var changed = try JSONDifference.changedMembers(old, document)
        var assignments: SQL = """
            document = \(SQLValue.utf8(document)), recorded_at = \(after.header.updatedAt)
            """
        if let keys = after.keys(of: unit.tenant), keys != before.keys(of: unit.tenant) {
            assignments += """
                , source_key = \(keys.source), target_key = \(keys.target), relation_key = \(keys.relation)
                , lasts_until = \(keys.lastsUntil)
                """
        }
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

    /// Deletes elements of a kind. Nodes go with their edges.
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
            let found = try lock(Element.self, chunk, in: unit)
            let elements = chunk.compactMap { found[$0] }.filter(isWanted)
            guard !elements.isEmpty else { continue }
            if Element.kind == .node {
                let edges = try edges(of: elements.map(\.header.id), unit.tenant, in: unit.transaction)
                try delete(GraphEdge.self, edges.map(\.header.id), in: unit)
            }
            for element in elements {
                try unit.recordDelete(
                    Element.kind.entityType, element.entity, before: JSONWriter.bytes(of: element))
            }
            try history.keep(elements.map(\.header.id), Element.kind, until: unit.now, in: unit)
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
}

extension GraphElement {
    /// By what it is looked for besides its id, if it is an edge.
    func keys(of tenant: Tenant) -> EdgeKeys? { (self as? GraphEdge).map { EdgeKeys($0, of: tenant) } }

    /// What it is in the change log.
    var entity: Identifier { Identifier(hashing: Array("\(Self.kind.rawValue)/\(header.id)".utf8)) }
}
