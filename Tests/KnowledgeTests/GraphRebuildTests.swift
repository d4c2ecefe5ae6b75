import ChangeLog
import Foundation
import Search
import Storage
import TestKit
import Testing

@testable import Knowledge

/// What is written while all graphs are read is in them afterwards.
@Suite(.timeLimit(.minutes(5))) struct GraphRebuildTests {
    private static let tenant = TestStore.context.tenant

    private static func put(_ name: String, _ role: KnowledgeRole, _ unit: UnitOfWork) throws {
        let header = ElementHeader(id: name, createdAt: unit.now)
        try role.elements.put([ElementDraft(GraphNode(header, name: "\(name) node"))], in: unit)
    }

    @Test(arguments: GraphPlace.allCases.filter { $0 != .sqlite })
    func whatIsCommittedLateIsThere(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(.postgres)
        let role = world.role
        try await world.write { try Self.put("first", role, $0) }
        let held = try await HeldWrite(try #require(world.store.url)) { try Self.put("late", role, $0) }
        // Its position is later than that of the held one, and it is there before.
        let next = try await world.store.log.write(TestStore.context, isolation: .readCommitted) {
            try Self.put("next", role, $0)
        }
        var settings = try await place.settings(for: world.store)
        if place == .falkorDB { settings["knowledge.falkordb_prefix"] = "rebuild-\(UUID())" }
        let other = try await KnowledgeWorld(.postgres, settings: settings, on: world.store)
        try await wait { other.role.isReady }
        #expect(try await held.commit() < next.position)
        try await other.role.waitUntilFound(next.position, atMost: .seconds(60))
        let found = try other.role.search(GraphSearch("node"), .node, SectionSearch([.fullText]), of: Self.tenant)
        #expect(Set(found.map(\.id)) == ["first", "late", "next"])
    }
}
