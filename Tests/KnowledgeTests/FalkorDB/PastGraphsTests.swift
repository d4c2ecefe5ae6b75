import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Knowledge

@Suite("What was known at a moment is read from the tables", .timeLimit(.minutes(5)))
struct PastGraphsTests {
    private static let tenant = TestStore.context.tenant

    /// The nodes that are called twins, at a moment.
    private static func twins(_ moment: Timestamp, _ world: KnowledgeWorld) async throws -> [String] {
        let past = try await world.role.past(moment, of: tenant)
        return try world.role.search(GraphSearch("twin"), .node, SectionSearch([.fullText]), of: tenant, in: past)
            .map(\.id)
    }

    /// The moment that it was until now.
    private static func passed(in world: KnowledgeWorld) -> Timestamp {
        defer { world.store.time.advance(bySeconds: 60) }
        return world.store.time.now()
    }

    /// How many elements were read so far.
    private static func count(_ world: KnowledgeWorld) -> Int {
        world.store.metrics.counter("graph_past_elements_total", "").with().value
    }

    /// Writes a node.
    private static func put(
        _ id: String, called name: String, since moment: Timestamp? = nil, in world: KnowledgeWorld
    ) async throws {
        try await world.write { [elements = world.role.elements] unit in
            let header = ElementHeader(id: id, createdAt: moment ?? unit.now)
            try elements.put([ElementDraft(GraphNode(header, name: name))], in: unit)
        }
    }

    @Test("Once, as long as nothing that is written later reaches back")
    func isKept() async throws {
        let world = try await KnowledgeWorld(.falkorDB)
        try await world.nodes("a twin", "b twin")
        let moment = Self.passed(in: world)
        #expect(try await Self.twins(moment, world) == ["a twin", "b twin"])
        try await world.nodes("c twin")
        try await Self.put("a twin", called: "single", in: world)
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["b twin"], in: $0) }
        #expect(try await Self.twins(moment, world) == ["a twin", "b twin"])
        #expect(Self.count(world) == 2)
        #expect(try await Self.twins(world.store.time.now(), world) == ["c twin"])
        #expect(Self.count(world) == 4)
    }

    @Test("Anew, where what is written says that it was known by then")
    func saysSo() async throws {
        let world = try await KnowledgeWorld(.falkorDB)
        try await world.nodes("a twin")
        let moment = Self.passed(in: world)
        #expect(try await Self.twins(moment, world) == ["a twin"])
        try await Self.put("b twin", called: "twin", since: moment, in: world)
        #expect(try await Self.twins(moment, world) == ["b twin", "a twin"])
        #expect(Self.count(world) == 3)
    }

    @Test("Anew, where it was not settled yet or a clock was behind", arguments: [0, 30])
    func clockBehind(_ seconds: Int64) async throws {
        let world = try await KnowledgeWorld(.falkorDB)
        try await world.nodes("a twin", "b twin")
        world.store.time.advance(bySeconds: 60)
        let moment = world.store.time.now()
        #expect(try await Self.twins(moment, world) == ["a twin", "b twin"])
        world.store.time.advance(bySeconds: -seconds)
        try await Self.put("a twin", called: "single", in: world)
        #expect(try await Self.twins(moment, world) == ["b twin"])
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["b twin"], in: $0) }
        #expect(try await Self.twins(moment, world) == [])
    }

    @Test("Anew, where the log does not tell any more, or too much, what has changed")
    func logIsSilent() async throws {
        let world = try await KnowledgeWorld(.falkorDB)
        try await world.nodes("a twin")
        let moment = Self.passed(in: world)
        #expect(try await Self.twins(moment, world) == ["a twin"])
        try await world.write { [elements = world.role.elements] unit in
            let nodes = (0...ChangeLog.batchLimits.upperBound).map { number in
                GraphNode(ElementHeader(id: "\(number)", createdAt: unit.now), name: "")
            }
            try elements.put(nodes.map { ElementDraft($0) }, in: unit)
        }
        #expect(try await Self.twins(moment, world) == ["a twin"])
        #expect(Self.count(world) == 2)
        try await world.nodes("b twin", "c twin")
        let last = try await world.store.settledHead().value
        _ = try await world.store.database.write {
            try $0.execute("UPDATE change_log_start SET position = \(last - 1)")
        }
        #expect(try await Self.twins(moment, world) == ["a twin"])
        #expect(Self.count(world) == 3)
    }

    @Test("By one at a time, and those who ask for the same share it")
    func sharing() async throws {
        let world = try await KnowledgeWorld(.falkorDB)
        try await world.nodes("a twin", "b twin")
        let moments = (0..<2).map { world.store.time.now().advanced(bySeconds: $0) }
        world.store.time.advance(bySeconds: 60)
        try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<20 { group.addTask { try await Self.twins(moments[number % 2], world) } }
            for try await found in group { #expect(found == ["a twin", "b twin"]) }
        }
        #expect(Self.count(world) == 4)
    }

    @Test("Unless it is too much, which is refused with what else can be asked")
    func tooLarge() async throws {
        let world = try await KnowledgeWorld(.falkorDB, settings: ["knowledge.past_elements": "3"])
        try await world.nodes("a twin", "b twin", "c twin")
        let small = Self.passed(in: world)
        try await Self.put("a twin", called: "single", in: world)
        try await world.nodes("d twin")
        let large = Self.passed(in: world)
        for round in 0..<2 {
            // What it was then is read from elsewhere than what is as it was.
            #expect(try await Self.twins(small, world) == ["a twin", "b twin", "c twin"])
            let failure = await #expect(throws: Failure.self) { try await Self.twins(large, world) }
            #expect(failure?.code == "past_too_large" && failure?.kind == .invalid)
            for word in ["valid_at", "knowledge.past_elements", "embedded"] {
                #expect(failure?.message.contains(word) == true, "\(word), \(round)")
            }
            // Another one is too large by what has gone since.
            try await world.write { [role = world.role] unit in
                try role.elements.delete(GraphNode.self, ["b twin", "d twin"], in: unit)
            }
        }
    }

    @Test("And as many elements as may be read for one are kept in memory, of so many moments at most")
    func isBounded() async throws {
        func readings(_ moments: [Int], keeping limit: Int) async throws -> Int {
            let world = try await KnowledgeWorld(.falkorDB, settings: ["knowledge.past_elements": "\(limit)"])
            try await world.nodes("a twin", "b twin")
            let start = Self.passed(in: world)
            for moment in moments {
                #expect(try await Self.twins(start.advanced(bySeconds: Int64(moment)), world).count == 2)
            }
            return Self.count(world) / 2
        }
        #expect(try await readings([1, 2, 1, 2], keeping: 3) == 4)
        #expect(try await readings([1, 2, 1, 3, 1, 2, 3], keeping: 5) == 5, "the one that was asked for last stays")
        #expect(try await readings(Array(0..<16) + [0], keeping: 1_000) == 16)
        #expect(try await readings(Array(0..<17) + [0], keeping: 1_000) == 18)
    }
}
