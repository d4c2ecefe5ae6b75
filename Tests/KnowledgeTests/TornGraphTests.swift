import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

/// Whoever looks at a graph while it changes sees all that one unit of work did, or nothing of it.
@Suite("A graph is never seen half changed", .timeLimit(.minutes(5)))
struct TornGraphTests {
    private static let tenant = TestStore.context.tenant
    private static let colors = ["red", "blue"]
    /// More than a follower applies at once.
    private static let sizes = [3, 8, 700]

    /// Gives a color to some nodes, to edges that lead to them from the hub of that color, and to an episode.
    private static func paint(_ size: Int, _ color: String, _ role: KnowledgeRole, _ unit: UnitOfWork) throws {
        func header(_ id: String) -> ElementHeader { ElementHeader(id: id, createdAt: unit.now) }
        let names = (0..<size).map { "n\($0)" }
        try role.elements.put(
            names.map { ElementDraft(GraphNode(header($0), name: $0, summary: color)) }, in: unit)
        try role.elements.put(
            names.map { ElementDraft(GraphEdge(header("to \($0)"), from: color, to: $0, name: "TO", fact: color)) },
            in: unit)
        let episode = GraphEpisode(header("p"), name: "", content: color, validAt: unit.now, mentions: [])
        try role.elements.put([ElementDraft(episode)], in: unit)
    }

    /// What is found of each color: how many elements of each kind, and how many stand around its hub.
    private static func look(_ role: KnowledgeRole, in graph: PastGraph?) throws -> [[Int]] {
        try colors.map { color in
            var search = GraphSearch(color)
            search.limit = 1_000
            let counts = try ElementKind.allCases.map {
                try role.search(search, $0, SectionSearch([.fullText]), of: tenant, in: graph).count
            }
            return counts
        }
    }

    @Test("By searches, of which each sees one graph, or several the one that they are given", arguments: sizes)
    func searches(_ size: Int) async throws {
        var random = SeededRandom.fresh()
        let world = try await KnowledgeWorld(.sqlite)
        let role = world.role
        try await world.write { unit in
            let hubs = Self.colors.map { GraphNode(ElementHeader(id: $0, createdAt: unit.now), name: "hub") }
            try role.elements.put(hubs.map { ElementDraft($0) }, in: unit)
            try Self.paint(size, Self.colors[0], role, unit)
        }
        let isOver = StopFlag()
        let whole = [ElementKind.node: size, .edge: size, .episode: 1]
        let wanted = ElementKind.allCases.map { whole[$0] ?? 0 }
        let nothing = wanted.map { _ in 0 }
        let seen = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<3 {
                let seed = random.next()
                group.addTask {
                    var random = SeededRandom(seed: seed)
                    var seen: Set<String> = []
                    while !isOver.isRaised {
                        let graph = role.present(of: Self.tenant).map(PastGraph.init)
                        let together = try Self.look(role, in: graph)
                        #expect(together.contains(wanted) && together.contains(nothing), "\(together), seed \(seed)")
                        seen.insert("\(together)")
                        for counts in try Self.look(role, in: nil) {
                            for (count, all) in zip(counts, wanted) {
                                #expect(count == 0 || count == all, "\(counts), seed \(seed)")
                            }
                        }
                        let hub = Self.colors.randomElement(using: &random) ?? ""
                        try Self.expectWhole(hub, size, role, "seed \(seed)")
                        await Task.yield()
                    }
                    return seen
                }
            }
            for round in 1...(size > 100 ? 12 : 200) {
                _ = try await world.store.log.write(TestStore.context) { unit in
                    try Self.paint(size, Self.colors[round % 2], role, unit)
                }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    try await role.waitUntilFound(world.store.settledHead(), atMost: .seconds(60))
                }
            }
            isOver.raise()
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(seen.count == 2, "both colors were seen: \(seen)")
    }

    /// All edges lead from a hub, or none.
    private static func expectWhole(_ hub: String, _ size: Int, _ role: KnowledgeRole, _ when: String) throws {
        var query = GraphNeighborhood.Query(of: hub)
        query.limit = 1_000
        let around = try role.neighborhood(query, tenant)
        #expect(around.nodes.count == 0 || around.nodes.count == size, "\(around.nodes.count), \(when)")
        #expect(around.edges.count == around.nodes.count, "\(when)")
    }
}
