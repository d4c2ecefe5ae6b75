import ChangeLog
import Core
import Knowledge

/// Makes drafts of the elements that a request has. All that a request brings has been known since the same moment.
struct ElementReader {
    private let elements: GraphElements
    private let now: Timestamp

    init(_ role: KnowledgeRole) {
        elements = role.elements
        now = role.log.time.now()
    }

    /// An element as a client sends it.
    ///
    /// - parameters:
    ///   - id: the one in the path, if there is one.
    ///   - read: reads the members of its kind.
    func draft<Element: GraphElement>(
        _ body: GraphBody, _ id: String? = nil, _ read: (inout JSONFields, ElementHeader) throws -> Element
    ) throws -> ElementDraft<Element> {
        let element = try body.read { fields in
            let header = fields.graphHeader(id, at: now)
            return try read(&fields, header)
        }
        return try elements.draft(element, embedding: body.embedding, at: body.embeddingPointer)
    }

    /// An edge as a client sends it, with what it contradicts.
    ///
    /// - parameter ends: the nodes that it relates, where the edge itself does not say that.
    func fact(
        _ body: GraphBody, _ id: String? = nil, between ends: (source: String, target: String)? = nil
    ) throws -> FactDraft {
        var contradicted: [String] = []
        let edge = try draft(body, id) { fields, header in
            contradicted =
                fields.optionalGraphNames("contradicts", count: 0...100, length: ElementHeader.idLength) ?? []
            return fields.graphEdge(header, between: ends)
        }
        return FactDraft(edge, contradicting: contradicted)
    }
}
