import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Knowledge

/// However many facts a unit of work has, the same facts come of them.
@Suite("Facts one by one and in batches", .timeLimit(.minutes(5)))
struct FactOrderTests {
    private static let tenant = TestStore.context.tenant

    /// What somebody tells.
    private struct Told: Sendable, CustomStringConvertible {
        var id = ""
        var source = "a"
        var name = "HOME"
        var target = "b"
        var fact = ""
        var episode = ""
        var from: Int?
        var to: Int?
        var isTakenBack = false
        var contradicted: [String] = []

        var description: String {
            "\(id) \(source) \(name) \(target) \(fact) \(from ?? 0) \(to ?? 0) \(isTakenBack) \(contradicted)"
        }

        /// As a draft of a group. Ids are of one group each.
        func draft(_ group: String, at now: Timestamp) -> FactDraft {
            func own(_ id: String) -> String { id.isEmpty ? "" : group + id }
            let edge = GraphEdge(
                ElementHeader(id: own(id), group: group, createdAt: now), from: source, to: target, name: name,
                fact: fact, episodes: episode.isEmpty ? [] : [episode], validAt: from.flatMap(FactOrderTests.year),
                invalidAt: to.flatMap(FactOrderTests.year), expiredAt: isTakenBack ? now : nil)
            return FactDraft(ElementDraft(edge), contradicting: contradicted.map(own))
        }
    }

    private static func year(_ year: Int) -> Timestamp? { Timestamp("\(year)-01-01") }

    private static func world(_ place: GraphPlace) async throws -> KnowledgeWorld {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c", "d")
        try await world.write { [role = world.role] unit in
            _ = try role.relations.put(Relation(name: "HOME", cardinality: .manyToOne), in: unit)
            _ = try role.relations.put(Relation(name: "OWNS", cardinality: .oneToMany), in: unit)
            _ = try role.relations.put(Relation(name: "LEADS", cardinality: .oneToOne), in: unit)
        }
        return world
    }

    /// Tells facts in one unit of work, a second after those before.
    @discardableResult
    private static func tell(
        _ facts: some Collection<Told> & Sendable, of group: String = "", in world: KnowledgeWorld
    ) async throws -> [GraphEdge] {
        world.store.time.advance(bySeconds: 1)
        return try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            try role.facts.write(facts.map { $0.draft(group, at: unit.now) }, in: unit).facts.map(\.element)
        }.value
    }

    private static func edges(_ group: String = "", in world: KnowledgeWorld) async throws -> [GraphEdge] {
        try await world.store.log.read { [role = world.role] in
            try role.elements.edges(of: ["a", "b", "c", "d"], tenant, in: $0)
        }.value.filter { $0.header.group == group }
    }

    /// Edges without their ids and what depends on the moment of writing.
    private static func forms(of edges: [GraphEdge], since start: Timestamp) -> [String] {
        func form(_ time: Timestamp?) -> String { time.map { $0 >= start ? "then" : "\($0)" } ?? "-" }
        return edges.map { edge in
            [edge.source, edge.name, edge.target, edge.fact, form(edge.validAt), form(edge.invalidAt)]
                .joined(separator: " ") + " \(edge.expiredAt != nil) \(edge.episodes.sorted())"
        }.sorted()
    }

    /// - parameter isDated: whether what is written again under its id says when it began. Edges of one unit of work
    ///   that do not say it begin at the same moment, and what is written later of those holds.
    private static func random(_ count: Int, isDated: Bool = false, _ random: inout SeededRandom) -> [Told] {
        var ids: [String] = []
        return (0..<count).map { number in
            var told = Told()
            told.source = ["a", "b"].randomElement(using: &random) ?? ""
            told.name = ["HOME", "HOME", "OWNS", "LEADS", "LIKES"].randomElement(using: &random) ?? ""
            told.target = ["b", "c", "d"].randomElement(using: &random) ?? ""
            told.fact = ["", "", "so"].randomElement(using: &random) ?? ""
            told.episode = "said \(number)"
            if Int.random(in: 0..<4, using: &random) > 0 {
                let from = Int.random(in: 1990..<1997, using: &random)
                told.from = from
                if Int.random(in: 0..<4, using: &random) == 0 { told.to = from + Int.random(in: 0..<4, using: &random) }
            }
            told.isTakenBack = told.to == nil && Int.random(in: 0..<8, using: &random) == 0
            if Int.random(in: 0..<6, using: &random) == 0 {
                told.contradicted = ids.randomElement(using: &random).map { [$0] } ?? []
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                told.id = "e\(Int.random(in: 0..<5, using: &random))"
                if isDated, ids.contains(told.id), told.from == nil { told.from = 1990 }
                ids.append(told.id)
            }
            return told
        }
    }

    @Test("The same facts come of one batch, of several and of single ones", arguments: GraphPlace.embedded)
    func splits(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        var random = SeededRandom.fresh()
        for round in 0..<40 {
            let isDated = round % 2 == 0
            let facts = Self.random(Int.random(in: 2...14, using: &random), isDated: isDated, &random)
            let start = world.store.time.now()
            let (single, some, all) = ("single\(round)", "some\(round)", "all\(round)")
            for fact in facts { try await Self.tell([fact], of: single, in: world) }
            var rest = facts[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...6, using: &random))
                #expect(try await Self.tell(part, of: some, in: world).count == part.count)
                rest = rest.dropFirst(part.count)
            }
            #expect(try await Self.tell(facts, of: all, in: world).count == facts.count)
            let expected = Self.forms(of: try await Self.edges(single, in: world), since: start)
            for group in isDated ? [some, all] : [all] {
                let found = Self.forms(of: try await Self.edges(group, in: world), since: start)
                #expect(found == expected, "\(random) \(group) \(facts)")
            }
        }
    }

    @Test("Of a list that is written again under the same ids nothing changes", arguments: GraphPlace.embedded)
    func repetition(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        var random = SeededRandom.fresh()
        for round in 0..<30 {
            let group = "again\(round)"
            var facts = Self.random(Int.random(in: 2...10, using: &random), &random)
            for index in facts.indices { (facts[index].id, facts[index].contradicted) = ("e\(index)", []) }
            for fact in facts { try await Self.tell([fact], of: group, in: world) }
            let before = try await Self.edges(group, in: world)
            // What a client says of the time of its own writing is of that time.
            let later = facts.filter { !$0.isTakenBack }
            for fact in later { try await Self.tell([fact], of: group, in: world) }
            #expect(try await Self.edges(group, in: world) == before, "\(random) \(facts)")
            try await Self.tell(later, of: group, in: world)
            #expect(try await Self.edges(group, in: world) == before, "\(random) \(facts)")
        }
    }

    @Test("What becomes true again in a batch is a fact of its own", arguments: GraphPlace.allCases)
    func becomingTrueAgain(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        let facts = [("b", 1815), ("c", 1835), ("b", 1840)].map { target, from in
            Told(target: target, from: from)
        }
        let written = try await Self.tell(facts, in: world)
        #expect(Set(written.map(\.header.id)).count == 3)
        #expect(written.map(\.invalidAt) == [Self.year(1835), Self.year(1840), nil])
        // Told once more, each is the fact that it was.
        #expect(try await Self.tell(facts, in: world) == written)
    }

    @Test("What became true again is told again like every fact", arguments: GraphPlace.allCases)
    func toldAgain(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        for name in ["HOME", "LIKES"] {
            for (index, target) in ["b", "b", "c", "b", "b", "b"].enumerated() {
                let isRuled = name == "HOME"
                var told = Told(name: name, target: target, episode: "\(index)")
                // Where no rule says so, the client says itself what is over.
                if !isRuled, target == "c" {
                    told.contradicted = try await Self.edges(in: world).filter { $0.name == name }.map(\.header.id)
                }
                try await Self.tell([told], in: world)
            }
            let edges = try await Self.edges(in: world).filter { $0.name == name && $0.target == "b" }
            #expect(edges.map(\.episodes).sorted { $0.count < $1.count } == [["0", "1"], ["3", "4", "5"]])
            #expect(edges.count { $0.invalidAt == nil } == 1)
        }
    }

    @Test("A fact that was taken back and is told again is another one", arguments: GraphPlace.allCases)
    func takenBack(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        for (name, from) in [("HOME", nil), ("LIKES", nil), ("HOME", 1990), ("LIKES", 1990)] {
            let fact = "\(name) \(from ?? 0)"
            let wrong = Told(name: name, fact: fact, episode: "wrong", from: from, isTakenBack: true)
            let (first, again) = (try await Self.tell([wrong], in: world), try await Self.tell([wrong], in: world))
            #expect(first.map(\.header.id) == again.map(\.header.id))
            let right = Told(name: name, fact: fact, episode: "right", from: from)
            let told = try await Self.tell([right], in: world) + Self.tell([right], in: world)
            #expect(told.map(\.episodes) == [["right"], ["right"]] && told.allSatisfy { $0.expiredAt == nil })
            #expect(Set(told.map(\.header.id)).count == 1 && told[0].header.id != first[0].header.id)
        }
    }

    @Test("An edge that is written again keeps when it was known to be over", arguments: GraphPlace.allCases)
    func writtenAgain(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        let london = Told(id: "london", target: "b", from: 1815)
        try await Self.tell([london], in: world)
        try await Self.tell([Told(id: "ockham", target: "c", from: 1835)], in: world)
        let before = try await Self.edges(in: world)
        try await Self.tell([london], in: world)
        #expect(try await Self.edges(in: world) == before)
        // What is different is written, and known since now.
        try await Self.tell([Told(id: "london", target: "b", from: 1840)], in: world)
        try await Self.tell([london], in: world)
        let after = try await Self.edges(in: world)
        #expect(after.map(\.header.id) == ["london", "ockham"])
        #expect(after.map(\.invalidAt) == [Self.year(1835), Self.year(1840)])
        #expect(after[0].expiredAt == world.store.time.now())
    }

    @Test("What is written again with its vector stays as it is", arguments: GraphPlace.embedded)
    func sameVector(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        func write(_ vector: [Float], _ fact: String = "same") async throws -> Int64 {
            try await world.edge("1", "a", "LIKES", "b", fact: fact, embedding: vector)
            return try #require(try await Self.edges(in: world).first).header.version
        }
        #expect(try await [write([1, 2, 3]), write([1, 2, 3]), write([3, 2, 1])] == [1, 1, 2])
        #expect(try await [write([3, 2, 1]), write([3, 2, 1], "new"), write([1, 1, 1], "new")] == [2, 3, 4])
        var search = GraphSearch("")
        search.embedding = [1, 1, 1]
        var section = SectionSearch([.similarity])
        section.minimumSimilarity = 0.999
        #expect(try world.role.search(search, .edge, section, of: Self.tenant).map(\.id) == ["1"])
    }

    @Test("Thousands of facts of one node are settled in the time that a write has", arguments: GraphPlace.embedded)
    func manyOfOne(_ place: GraphPlace) async throws {
        let (world, count) = (try await Self.world(place), 3_000)
        var random = SeededRandom.fresh()
        let facts = (0..<count).shuffled(using: &random).map { number in
            Told(target: ["b", "c"][number % 2], fact: "\(number)", from: 1_000 + number)
        }
        let written = try await Self.tell(facts, in: world)
        for (fact, edge) in zip(facts, written) {
            let next = fact.from.map { $0 + 1 }
            #expect(edge.invalidAt == (next == 1_000 + count ? nil : next.flatMap(Self.year)))
        }
    }

    @Test("What ended long before is not read")
    func rowsRead() async throws {
        let (world, count) = (try await Self.world(.postgres), 1_000)
        try await Self.tell((0..<count).map { Told(target: ["b", "c"][$0 % 2], from: 1_000 + $0) }, in: world)
        let rows = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            try unit.transaction.rowsRead(of: "graph_elements") {
                for offset in 0..<2 {
                    let told = Told(target: "d", fact: "\(offset)", from: 1_000 + count + offset)
                    _ = try role.facts.write([told.draft("", at: unit.now)], in: unit)
                }
                try unit.transaction.settle()
            }
        }.value
        #expect(rows < 50)
    }
}

@Suite("Periods of facts")
struct FactPeriodsTests {
    @Test("They are found as by looking at all of them")
    func sameAsAll() {
        var random = SeededRandom.fresh()
        func fact(_ id: Int) -> FactPeriods.Period {
            let start = Timestamp(microseconds: .random(in: 0..<400, using: &random))
            let end = Int.random(in: 0..<9, using: &random) == 0 ? nil : Int64.random(in: 0..<40, using: &random)
            return FactPeriods.Period(
                GraphEdge(
                    ElementHeader(id: "\(id)", createdAt: start), from: "a", to: "b", name: "",
                    invalidAt: end.map { Timestamp(microseconds: start.microseconds + $0) }))
        }
        var (periods, all) = (FactPeriods(), [FactPeriods.Period]())
        for id in 0..<1_500 {
            let new = fact(id)
            periods.insert(new)
            all.append(new)
            if Int.random(in: 0..<3, using: &random) == 0 {
                periods.remove(all.remove(at: .random(in: 0..<all.count, using: &random)))
            }
            let asked = fact(-1)
            var found: [String] = []
            periods.forEach(during: asked) {
                found.append($0.id)
                return true
            }
            let expected = all.filter { $0.start < asked.end && $0.end > asked.start }.sorted { $0.isBefore($1) }
            #expect(found == expected.map(\.id), "\(random)")
        }
    }
}
