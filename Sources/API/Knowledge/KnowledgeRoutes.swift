import ChangeLog
import Core
public import Embedding
import HTTPTypes
public import Knowledge
import Storage

extension Routes {
    /// Graphs of what is known.
    ///
    /// - parameters:
    ///   - embedder: turns texts into vectors; nil has clients send them.
    ///   - embeddingPatience: how long a search waits for a vector that it can do without.
    ///   - crossEncoder: ranks what is found for who asks for that; nil has them refused.
    ///   - patience: how long a request waits until what was written can be found.
    public static func knowledgeRoutes(
        _ role: KnowledgeRole, embedder: Embedder? = nil, embeddingPatience: Duration = .seconds(2),
        crossEncoder: CrossEncoder? = nil, patience: Duration
    ) -> [Route] {
        let routes = KnowledgeRoutes(
            role: role, embedder: embedder, embeddingPatience: embeddingPatience, crossEncoder: crossEncoder,
            patience: patience)
        let all =
            routes.writing() + routes.reading() + routes.histories() + routes.walking() + routes.searching()
            + routes.facts() + routes.relations() + routes.merging() + routes.communities()
            + routes.exporting()
        return all.map { $0.reaching { try await role.waitUntilFound($0, atMost: patience) } }
    }
}

/// The routes of graphs.
struct KnowledgeRoutes: Sendable {
    static let read = "knowledge:read"
    static let write = "knowledge:write"

    let role: KnowledgeRole
    /// Turns texts into vectors; nil has clients send them.
    let embedder: Embedder?
    /// How long a search waits for a vector that it can do without.
    let embeddingPatience: Duration
    /// Ranks what is found for who asks for that; nil has them refused.
    let crossEncoder: CrossEncoder?
    /// How long a request waits until what was written can be found.
    let patience: Duration

    func writing() -> [Route] {
        putting(GraphNode.self, at: "/graph/nodes") { $0.graphNode($1) }
            + putting(GraphEpisode.self, at: "/graph/episodes") { $0.graphEpisode($1) }
            + [deleting(GraphNode.self, at: "/graph/nodes"), deleting(GraphEdge.self, at: "/graph/edges")]
            + [deleting(GraphEpisode.self, at: "/graph/episodes")]
    }

    /// Writes and makes elements of a kind.
    private func putting<Element: GraphElement>(
        _ type: Element.Type, at path: String,
        _ read: @escaping @Sendable (inout JSONFields, ElementHeader) -> Element
    ) -> [Route] {
        @Sendable func draft(_ request: APIRequest, _ id: String?) async throws -> EmbeddedDraft<Element> {
            let draft = try ElementReader(role).draft(try request.readJSON { try GraphBody(&$0) }, id, read)
            return try await withVectors([draft], of: request.tenant)[0]
        }
        @Sendable func put(_ embedded: EmbeddedDraft<Element>, in unit: UnitOfWork) throws -> APIResponse {
            guard let written = try role.elements.put([embedded.draft], in: unit).first else { return .noContent }
            try embedded.check(written.element)
            return .json(
                JSONWriter.bytes(of: written.element), status: written.isNew ? .created : .ok,
                version: written.element.header.version)
        }
        return [
            .write(.put, path + "/{id}", scope: Self.write) { request in
                let embedded = try await draft(request, try elementID(request))
                return { unit in try put(embedded, in: unit) }
            },
            .write(.post, path, scope: Self.write) { request in
                let embedded = try await draft(request, nil)
                return { unit in try put(embedded.named(by: unit), in: unit) }
            },
        ]
    }

    private func deleting<Element: GraphElement>(_ type: Element.Type, at path: String) -> Route {
        .write(.delete, path + "/{id}", scope: Self.write) { request in
            let id = try elementID(request)
            return { unit in
                guard try role.elements.delete(type, [id], in: unit).count == 1 else {
                    throw GraphElements.notFound(Element.kind, id)
                }
                return .noContent
            }
        }
    }

    func reading() -> [Route] {
        [
            getting(GraphNode.self, "/graph/nodes/{id}"), getting(GraphEdge.self, "/graph/edges/{id}"),
            getting(GraphEpisode.self, "/graph/episodes/{id}"),
        ]
    }

    private func getting<Element: GraphElement>(_ type: Element.Type, _ path: String) -> Route {
        .read(.get, path, scope: Self.read) { request in
            let (id, tenant) = (try elementID(request), request.tenant)
            let asOf = try request.readQuery { $0.asOf() }
            return { transaction in
                guard let moment = asOf.known else {
                    return .ok(try role.elements.require(type, id, of: tenant, in: transaction))
                }
                try role.requireKept(moment)
                let documents = try role.elements.history.documents(
                    Element.kind, [id], of: tenant, at: moment, in: transaction)
                guard let document = documents[id] else { throw GraphElements.notFound(Element.kind, id) }
                return .json(document)
            }
        }
    }

    /// The id of an element that the path names.
    func elementID(_ request: APIRequest) throws -> String {
        try request.graphName("id", length: ElementHeader.idLength)
    }
}
