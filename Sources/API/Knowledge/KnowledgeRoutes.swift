import ChangeLog
import Core
import HTTPTypes
public import Knowledge
import Storage

extension Routes {
    /// Graphs of what is known.
    ///
    /// - parameter patience: how long a request waits until what was written can be found.
    public static func knowledgeRoutes(_ role: KnowledgeRole, patience: Duration) -> [Route] {
        let routes = KnowledgeRoutes(role, patience: patience)
        return
            (routes.writing() + routes.reading() + routes.histories() + routes.walking() + routes.searching()
            + routes.facts() + routes.relations() + routes.merging() + routes.communities())
            .map { $0.reaching { try await role.waitUntilFound($0, atMost: patience) } }
    }
}

/// The routes of graphs.
struct KnowledgeRoutes: Sendable {
    static let read = "knowledge:read"
    static let write = "knowledge:write"

    let role: KnowledgeRole
    /// How long a change waits until what was written can be found.
    let patience: Duration

    init(_ role: KnowledgeRole, patience: Duration) {
        self.role = role
        self.patience = patience
    }

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
        @Sendable func draft(_ request: APIRequest, _ id: String?) throws -> ElementDraft<Element> {
            try ElementReader(role).draft(try request.readJSON { try GraphBody(&$0) }, id, read)
        }
        @Sendable func put(_ draft: ElementDraft<Element>, in unit: UnitOfWork) throws -> APIResponse {
            guard let written = try role.elements.put([draft], in: unit).first else { return .noContent }
            return .json(
                JSONWriter.bytes(of: written.element), status: written.isNew ? .created : .ok,
                version: written.element.header.version)
        }
        return [
            .write(.put, path + "/{id}", scope: Self.write) { request in
                let draft = try draft(request, try elementID(request))
                return { unit in try put(draft, in: unit) }
            },
            .write(.post, path, scope: Self.write) { request in
                let draft = try draft(request, nil)
                return { unit in try put(draft.named(by: unit), in: unit) }
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
        let id = try request.parameter("id")
        guard ElementHeader.idLength.contains(id.unicodeScalars.count) else {
            throw Failure(
                .notFound, code: "not_found", "Ids have \(ElementHeader.idLength.upperBound) characters at most.")
        }
        return id
    }
}
