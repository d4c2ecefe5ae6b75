import ChangeLog
import Core
import Telemetry
import TestKit
import Testing

@testable import Knowledge

@Suite("Vectors of another size than is set", .timeLimit(.minutes(5)))
struct VectorSizeTests {
    private static let tenant = TestStore.context.tenant

    @Test("What has one is found without it, until it is written again", arguments: GraphPlace.allCases)
    func changedSetting(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b")
        try await world.edge("ab", "a", "TO", "b", fact: "apples", embedding: [0, 1, 0])
        try await world.edge("ba", "b", "TO", "a", fact: "apples", embedding: [1, 0, 0])
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.edge("ab", "a", "TO", "b", fact: "pears", embedding: [0, 1, 0])
        await world.stop()
        let later = try await KnowledgeWorld(place, settings: ["knowledge.dimensions": "2"], on: world.store)
        try await later.catchUp(with: world)
        #expect(try later.find(GraphSearch("pears apples"), .edge, .fullText) == ["ab", "ba"])
        var search = GraphSearch("")
        search.embedding = [0, 1]
        #expect(try later.find(search, .edge, .similarity).isEmpty)
        let unfit = world.store.metrics.counter("graph_vectors_unfit_total", "").with()
        #expect(unfit.value >= 2)
        try await later.edge("ab", "a", "TO", "b", fact: "pears", embedding: [0, 1])
        #expect(try later.find(search, .edge, .similarity) == ["ab"])
        // A text of another size stays without a vector of this one.
        try await later.edge("ba", "b", "FROM", "a", fact: "apples")
        #expect(try later.find(search, .edge, .similarity) == ["ab"])
        guard place != .falkorDB else { return }
        let present = later.role.present(of: Self.tenant)
        let past = try await later.store.log.read { [role = later.role] in
            try role.past(moment, of: present, Self.tenant, in: $0)
        }.value
        let words = SectionSearch([.fullText])
        let found = try later.role.search(GraphSearch("apples"), .edge, words, of: Self.tenant, in: past)
        #expect(found.map(\.id) == ["ab", "ba"])
    }
}
