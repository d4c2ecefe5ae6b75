import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Searching a graph", .timeLimit(.minutes(5)))
struct GraphSearchTests {
    @Test("Facts, things and episodes are found by their words, the best first", arguments: GraphPlace.allCases)
    func words(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("Ada", "Charles", "London")
        try await world.edge("e1", "Ada", "KNOWS", "Charles", fact: "Ada met Charles at a party")
        try await world.edge("e2", "Ada", "LIVES_IN", "London", fact: "Ada lives in London, in London she stays")
        try await world.write { [role = world.role] unit in
            let header = ElementHeader(id: "p1", createdAt: unit.now)
            let episode = GraphEpisode(
                header, name: "letter", content: "Dear Charles, London is foggy", validAt: unit.now,
                mentions: ["Charles", "London"])
            try role.elements.put([ElementDraft(episode)], in: unit)
        }
        #expect(try world.find(GraphSearch("london"), .edge, .fullText) == ["e2"])
        #expect(try world.find(GraphSearch("ada charles"), .edge, .fullText) == ["e1", "e2"])
        #expect(try world.find(GraphSearch("london"), .node, .fullText) == ["London"])
        #expect(try world.find(GraphSearch("foggy?"), .episode, .fullText) == ["p1"])
        #expect(try world.find(GraphSearch("nobody"), .node, .fullText).isEmpty)
    }

    @Test("Equal scores come by id, whatever came first", arguments: GraphPlace.allCases)
    func ties(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("zebra twin", "ant twin", "mole twin")
        var search = GraphSearch("twin")
        #expect(try world.find(search, .node, .fullText) == ["ant twin", "mole twin", "zebra twin"])
        search.limit = 1
        #expect(try world.find(search, .node, .fullText) == ["ant twin"])
        // Those of a later start are the same, though it has read them in another order.
        let later = try await KnowledgeWorld(place, on: world.store)
        try await later.catchUp(with: world)
        #expect(try later.find(search, .node, .fullText) == ["ant twin"])
    }

    @Test(
        "Edges lead from origins, the nearest first, as far and the way that is asked",
        arguments: GraphPlace.allCases)
    func breadthFirst(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c", "d", "alone")
        try await world.edge("ab", "a", "TO", "b")
        try await world.edge("bc", "b", "TO", "c")
        try await world.edge("cd", "c", "TO", "d")
        try await world.edge("da", "d", "TO", "a")
        try await world.edge("aa", "a", "SELF", "a")
        var search = GraphSearch("")
        search.origins = ["a", "never heard of"]
        #expect(try world.find(search, .node, .breadthFirst) == ["b", "d", "c"])
        #expect(try world.find(search, .node, .breadthFirst, depth: 1) == ["b", "d"])
        #expect(try world.find(search, .node, .breadthFirst, direction: .outgoing) == ["b", "c", "d"])
        #expect(try world.find(search, .node, .breadthFirst, depth: 2, direction: .incoming) == ["d", "c"])
        #expect(try world.find(search, .edge, .breadthFirst, depth: 2) == ["aa", "ab", "da", "bc", "cd"])
        #expect(try world.find(search, .node, .breadthFirst, depth: 0).isEmpty)
        // Without origins they are what the words have found.
        #expect(try world.find(GraphSearch("a"), .node, .fullText, .breadthFirst, depth: 1) == ["a", "b", "d"])
    }

    @Test(
        "Vectors find what is near, and the fusion of methods says who found what",
        arguments: GraphPlace.allCases)
    func similarity(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b")
        try await world.edge("north", "a", "IS", "b", fact: "apples", embedding: [0, 1, 0])
        try await world.edge("east", "a", "IS", "b", fact: "pears", embedding: [1, 0, 0])
        try await world.edge("wordless", "a", "IS", "b", fact: "apples")
        var search = GraphSearch("apples")
        search.embedding = [0.1, 1, 0]
        #expect(try world.find(search, .edge, .similarity) == ["north"])
        let hits = try world.role.search(
            search, .edge, SectionSearch([.fullText, .similarity]), of: TestStore.context.tenant)
        #expect(hits.map(\.id) == ["north", "wordless"])
        #expect(hits.first?.findings.map(\.method) == [.fullText, .similarity])
        #expect(hits.first.map { abs($0.score - 2.0 / 61) < 1e-9 } == true)
        #expect(hits.last?.findings.map(\.rank) == [2])
        // A later start has the vectors too, and another text has none.
        try await world.edge("north", "a", "IS", "b", fact: "plums")
        let later = try await KnowledgeWorld(place, on: world.store)
        try await later.catchUp(with: world)
        for world in [world, later] { #expect(try world.find(search, .edge, .similarity).isEmpty) }
        search.embedding = [1, 0, 0]
        for world in [world, later] { #expect(try world.find(search, .edge, .similarity) == ["east"]) }
    }

    @Test("Filters let through what they say", arguments: GraphPlace.allCases)
    func filters(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("twin one", label: "Person", group: "first")
        try await world.nodes("twin two", label: "Place", group: "second")
        try await world.edge("e1", "twin one", "NEAR", "twin two", fact: "twin fact", group: "first")
        try await world.edge("e2", "twin one", "FAR", "twin two", fact: "twin fact", group: "second")
        func find(_ kind: ElementKind, _ change: (inout GraphFilters) -> Void) throws -> [String] {
            var search = GraphSearch("twin")
            change(&search.filters)
            return try world.find(search, kind, .fullText)
        }
        #expect(try find(.node) { _ in } == ["twin one", "twin two"])
        #expect(try find(.node) { $0.groups = ["second"] } == ["twin two"])
        #expect(try find(.node) { $0.groups = [] }.isEmpty)
        #expect(try find(.node) { $0.labels = ["Person", "Robot"] } == ["twin one"])
        #expect(try find(.edge) { $0.edgeTypes = ["FAR"] } == ["e2"])
        #expect(try find(.edge) { $0.edges = ["e2", "none"] } == ["e2"])
        #expect(try find(.edge) { ($0.edges, $0.groups) = (["e2", "e1"], ["first"]) } == ["e1"])
        #expect(try find(.node) { $0.edges = ["e2"] } == ["twin one", "twin two"])
        let now = world.store.time.now()
        let condition = GraphFilters.TimeCondition.self
        #expect(try find(.edge) { $0.times[.createdAt] = [[condition.init(.later, now)]] }.isEmpty)
        #expect(try find(.edge) { $0.times[.createdAt] = [[condition.init(.notLater, now)]] } == ["e1", "e2"])
        #expect(try find(.edge) { $0.times[.validAt] = [[condition.init(.missing)]] } == ["e1", "e2"])
        #expect(try find(.edge) { $0.times[.validAt] = [[condition.init(.known)]] }.isEmpty)
        #expect(
            try find(.edge) {
                $0.times[.createdAt] = [[condition.init(.later, now)], [condition.init(.equal, now)]]
            } == ["e1", "e2"])
    }

    @Test(
        "What is deleted is found no more, and is there again when it is made again",
        arguments: GraphPlace.allCases)
    func deletion(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b")
        try await world.edge("ab", "a", "TO", "b", fact: "way")
        var search = GraphSearch("way")
        search.origins = ["a"]
        try await world.write { [role = world.role] in try role.elements.delete(GraphEdge.self, ["ab", "none"], in: $0)
        }
        #expect(try world.find(search, .edge, .fullText, .breadthFirst).isEmpty)
        #expect(try world.find(search, .node, .breadthFirst).isEmpty)
        try await world.edge("ab", "a", "TO", "b", fact: "way")
        #expect(try world.find(search, .edge, .fullText, .breadthFirst) == ["ab"])
        #expect(try world.find(search, .node, .breadthFirst) == ["b"])
    }

    @Test("An edge needs its nodes", arguments: GraphPlace.allCases)
    func dangling(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a")
        let failure = await #expect(throws: Failure.self) { try await world.edge("ab", "a", "TO", "b") }
        #expect(failure?.code == "node_missing")
        #expect(try world.find(GraphSearch("to"), .edge, .fullText).isEmpty)
    }
}
