import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Knowledge

@Suite("Nodes that become one", .timeLimit(.minutes(5)))
struct MergeTests {
    private static let tenant = TestStore.context.tenant

    /// Writes an episode that mentions some nodes.
    private static func tell(_ id: String, of nodes: [String], in world: KnowledgeWorld) async throws {
        _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            let episode = GraphEpisode(
                ElementHeader(id: id, createdAt: unit.now), name: "", content: id, validAt: unit.now, mentions: nodes)
            return try role.elements.put([ElementDraft(episode)], in: unit).count
        }
    }

    @Test("Two hubs of many edges become one within the time that a write has", arguments: GraphPlace.embedded)
    func hubs(_ place: GraphPlace) async throws {
        let (world, count) = (try await KnowledgeWorld(place), 2_000)
        try await world.nodes("left", "right")
        try await world.write { [role = world.role] unit in
            try role.elements.put(
                (0..<count).map {
                    ElementDraft(GraphNode(ElementHeader(id: "n\($0)", createdAt: unit.now), name: "n\($0)"))
                }, in: unit)
            // Every second one says what an edge of the other hub says.
            try role.elements.put(
                ["left", "right"].flatMap { hub in
                    (0..<count).map { number in
                        let header = ElementHeader(id: "\(hub)\(number)", createdAt: unit.now)
                        let fact = number.isMultiple(of: 2) ? "same" : hub
                        return ElementDraft(GraphEdge(header, from: hub, to: "n\(number)", name: "TO", fact: fact))
                    }
                }, in: unit)
        }
        try await world.write { [role = world.role] unit in
            let mentions = try role.mentions(of: ["right"], of: Self.tenant)
            _ = try NodeMerger(role.facts).merge(["right"], into: "left", mentions, in: unit)
        }
        let edges = try await world.store.log.read { [role = world.role] in
            try role.elements.edges(of: ["left", "right"], Self.tenant, in: $0)
        }.value
        #expect(edges.count == count + count / 2 && edges.allSatisfy { $0.source == "left" })
        #expect(Set(edges.map(\.target)).count == count)
    }

    @Test("A node takes over so many edges and mentions at most", arguments: GraphPlace.embedded)
    func limit(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c")
        try await world.edge("1", "a", "TO", "c")
        try await world.edge("2", "c", "TO", "a")
        for number in 0..<6 { try await world.edge("own\(number)", "b", "TO", "c", fact: "\(number)") }
        try await Self.tell("said", of: ["a"], in: world)
        try await world.role.waitUntilAllIsFound(atMost: .seconds(60))
        func merge(atMost limit: Int) async throws {
            try await world.write { [role = world.role] unit in
                let mentions = try role.mentions(of: ["a"], of: Self.tenant)
                _ = try NodeMerger(role.facts, limit: limit).merge(["a"], into: "b", mentions, in: unit)
            }
        }
        let failure = await #expect(throws: Failure.self) { try await merge(atMost: 2) }
        #expect(failure?.code == "merge_too_large")
        // Its own edges, however many, are no obstacle.
        try await merge(atMost: 3)
        #expect(try world.role.neighborhood(.init(of: "b"), Self.tenant).edges.count == 8)
    }

    @Test("An episode that was written after mentions were looked for is not forgotten", arguments: GraphPlace.allCases)
    func lateMention(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c")
        let mentions = try world.role.mentions(of: ["a"], of: Self.tenant)
        try await Self.tell("other", of: ["c"], in: world)
        try await Self.tell("late", of: ["c", "a"], in: world)
        try await world.write { [role = world.role] unit in
            _ = try NodeMerger(role.facts).merge(["a"], into: "b", mentions, in: unit)
        }
        let late = try await world.store.log.read { [role = world.role] in
            try role.elements.require(GraphEpisode.self, "late", of: Self.tenant, in: $0)
        }.value
        #expect(late.mentions == ["c", "b"])
        let failure = await #expect(throws: Failure.self) { try await Self.tell("later", of: ["a"], in: world) }
        #expect(failure?.code == "node_missing")
    }

    @Test("Episodes that are written meanwhile mention the node that is there", arguments: GraphPlace.embedded)
    func mentionsMeanwhile(_ place: GraphPlace) async throws {
        let (world, rounds) = (try await KnowledgeWorld(place), 20)
        try await world.nodes("kept")
        for round in 0..<rounds {
            let node = "n\(round)"
            try await world.nodes(node)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        for number in 0..<5 {
                            do {
                                try await Self.tell("\(round) \(writer) \(number)", of: [node], in: world)
                            } catch let failure as Failure where failure.code == "node_missing" {
                                return
                            }
                        }
                    }
                }
                group.addTask {
                    let mentions = try world.role.mentions(of: [node], of: Self.tenant)
                    try await world.write { [role = world.role] unit in
                        _ = try NodeMerger(role.facts).merge([node], into: "kept", mentions, in: unit)
                    }
                }
                try await group.waitForAll()
            }
        }
        let ids = (0..<rounds).flatMap { round in (0..<15).map { "\(round) \($0 / 5) \($0 % 5)" } }
        let episodes = try await world.store.log.read { [role = world.role] in
            try role.elements.find(GraphEpisode.self, ids, of: Self.tenant, in: $0)
        }.value
        #expect(episodes.values.allSatisfy { $0.mentions == ["kept"] })
    }

    @Test("A node that is named twice is taken over once", arguments: GraphPlace.embedded)
    func twice(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b")
        let before = world.role.follower.position
        try await world.write { [role = world.role] unit in
            let mentions = try role.mentions(of: ["a", "a"], of: Self.tenant)
            _ = try NodeMerger(role.facts).merge(["a", "a"], into: "b", mentions, in: unit)
        }
        let changes = try await world.store.log.changes(after: before, limit: 10)
        #expect(changes.map(\.operation) == [.delete])
    }
}
