import ChangeLog
import Core
import Logging
import Search
import ServiceLifecycle
import Storage
import TestKit

@testable import Knowledge

/// The role on a store of its own. What follows the log runs for as long as it is held.
final class KnowledgeWorld: Sendable {
    let store: TestStore
    let role: KnowledgeRole
    private let services: Task<Void, any Error>

    /// - parameters:
    ///   - place: where the tables are, and who has the graphs.
    ///   - texts: further settings.
    ///   - shared: the store of another world, which stands for a restart or a second server.
    init(_ place: GraphPlace, settings texts: [String: String] = [:], on shared: TestStore? = nil) async throws {
        if let shared {
            store = shared
        } else {
            store = try await TestStore(place.engine, schemas: [KnowledgeSchema.schema])
        }
        let settings = try SettingsRegistry(KnowledgeSettings.all).values(from: [
            SettingsSource(name: "place", texts: try await place.settings(for: store)),
            SettingsSource(name: "test", texts: ["knowledge.dimensions": "3"].merging(texts) { $1 }),
        ])
        role = KnowledgeRole(
            store.log, engine: try GraphEngineAccess(settings: settings, metrics: store.metrics), shop: EmptyShop(),
            settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
        services = Task { [role] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in role.services { group.addTask { try await service.run() } }
                try await group.waitForAll()
            }
        }
    }

    deinit { services.cancel() }

    /// Ends it as a server ends.
    func stop() async {
        services.cancel()
        _ = await services.result
        await role.close()
    }

    /// Performs a unit of work and waits until what it did can be found.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (UnitOfWork) throws -> T) async throws -> T {
        let answer = try await store.log.write(TestStore.context, body)
        try await role.waitUntilFound(answer.position, atMost: .seconds(60))
        return answer.value
    }

    /// Waits until everything is found here that is found in another world on the same store.
    func catchUp(with other: KnowledgeWorld) async throws {
        try await role.waitUntilFound(other.role.follower.position, atMost: .seconds(60))
    }

    /// Writes nodes with these names as ids.
    func nodes(_ names: String..., label: String = "Thing", group: String = "") async throws {
        try await write { [role] unit in
            try role.elements.put(
                names.map { name in
                    let header = ElementHeader(id: name, group: group, createdAt: unit.now)
                    return ElementDraft(GraphNode(header, name: name, labels: [label]))
                }, in: unit)
        }
    }

    /// Writes an edge.
    func edge(
        _ id: String, _ source: String, _ name: String, _ target: String, fact: String = "", group: String = "",
        embedding: [Float]? = nil
    ) async throws {
        try await write { [role] unit in
            let header = ElementHeader(id: id, group: group, createdAt: unit.now)
            let edge = GraphEdge(header, from: source, to: target, name: name, fact: fact)
            try role.elements.put([try role.elements.draft(edge, embedding: embedding)], in: unit)
        }
    }

    /// Writes a fact that holds from the beginning of a year, or until that of another.
    @discardableResult
    func fact(
        _ id: String, _ source: String, _ name: String, _ target: String, from: Int, to: Int? = nil,
        contradicting contradicted: [String] = []
    ) async throws -> (facts: [WrittenElement<GraphEdge>], ended: [GraphEdge]) {
        try await write { [role] unit in
            let edge = GraphEdge(
                ElementHeader(id: id, createdAt: unit.now), from: source, to: target, name: name,
                validAt: Timestamp("\(from)-01-01"), invalidAt: to.flatMap { Timestamp("\($0)-01-01") })
            return try role.facts.write([FactDraft(ElementDraft(edge), contradicting: contradicted)], in: unit)
        }
    }

    /// The ids of what has the word "twin", as a reranker orders them.
    func rank(_ kind: ElementKind, around center: String, by reranker: Reranker) throws -> [String] {
        var search = GraphSearch("twin")
        search.center = center
        var section = SectionSearch([.fullText])
        section.reranker = reranker
        return try role.search(search, kind, section, of: TestStore.context.tenant).map(\.id)
    }

    /// The ids that a search finds.
    func find(
        _ search: GraphSearch, _ kind: ElementKind, _ methods: SearchMethod..., depth: Int = 3,
        direction: EdgeDirection = .both
    ) throws -> [String] {
        var section = SectionSearch(methods)
        (section.depth, section.direction) = (depth, direction)
        return try role.search(search, kind, section, of: TestStore.context.tenant).map(\.id)
    }
}

/// A shop without anything in it.
private struct EmptyShop: EntityImages {
    func images(
        of type: String, after last: EntityKey?, limit: Int, in transaction: any ReadTransaction
    ) -> [EntityImage] { [] }
}
