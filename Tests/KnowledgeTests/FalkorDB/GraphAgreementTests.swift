import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

/// FalkorDB and the memory of a server, which follow the same log, find the same in the same order.
@Suite("Both engines agree", .timeLimit(.minutes(5)))
struct GraphAgreementTests {
    private static let tenant = TestStore.context.tenant
    /// Ids of which some mean something to an index of FalkorDB.
    private static let ids =
        (0..<14).map { "n\($0)" }
        + ["", " n1", "n1 ", "N1", "n1\u{1}n2", "n\u{0}", "ñ'", "\\"]
        .map { "x\($0)" } + [" n2", "n2 "]
    private static let names = ["colour", "born", " born", "it's", "n.id", "a\u{0}1:a", ""]
    private static let values: [JSONValue] =
        [.null, .bool(true), .object(JSONObject()), .array([.null]), .array([.string("red"), .integer(2)])]
        + ["red", "Red", " red", "red ", "", "'\\", "größe"].map(JSONValue.string)
        + ["0", "-1", "2", "2.0", "2.5", "1e300", "9007199254740993", "9007199254740992"].map(JSONValue.number)
    private static let words = ["the", "Ada", "lives", "live", "London", "1e5", "größe", "日本"]

    private struct Pair {
        let embedded: KnowledgeWorld
        var falkorDB: KnowledgeWorld

        init() async throws {
            embedded = try await KnowledgeWorld(.sqlite)
            falkorDB = try await KnowledgeWorld(.falkorDB, on: embedded.store)
        }

        /// Both at a moment; nil is now.
        func sides(at moment: Timestamp?) async throws -> (Side, Side) {
            func side(_ world: KnowledgeWorld) async throws -> Side {
                guard let moment else { return Side(role: world.role, past: nil) }
                return Side(role: world.role, past: try await world.role.past(moment, of: tenant))
            }
            return (try await side(embedded), try await side(falkorDB))
        }

        func write(_ body: @escaping @Sendable (UnitOfWork) throws -> Void) async throws {
            try await embedded.write(body)
            try await falkorDB.role.waitUntilFound(embedded.store.settledHead(), atMost: .seconds(60))
        }
    }

    /// An engine, and the graph of it that is looked at; nil is that of now.
    private struct Side {
        let role: KnowledgeRole
        let past: PastGraph?

        func search(_ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch) throws -> [GraphHit] {
            try role.search(search, kind, section, of: tenant, in: past)
        }
    }

    @Test("In random graphs that change, now and at moments before")
    func randomGraphs() async throws {
        var random = SeededRandom.fresh()
        var pair = try await Pair()
        var moments: [Timestamp] = []
        for _ in 0..<12 {
            moments.append(pair.embedded.store.time.now())
            pair.embedded.store.time.advance(bySeconds: 60)
            let seed = random.next()
            try await pair.write { [elements = pair.embedded.role.elements] unit in
                var random = SeededRandom(seed: seed)
                for _ in 0..<12 { try Self.change(elements, unit, &random) }
            }
            for _ in 0..<25 { try await Self.compare(pair, &random) }
            for _ in 0..<12 { try await Self.compare(pair, at: moments.randomElement(using: &random), &random) }
        }
        // What a start reads from the tables is the same as what was followed.
        await pair.falkorDB.stop()
        pair.falkorDB = try await KnowledgeWorld(
            .falkorDB, settings: GraphPlace.falkorDB.settingsOfAnother, on: pair.embedded.store)
        try await pair.falkorDB.catchUp(with: pair.embedded)
        for _ in 0..<50 { try await Self.compare(pair, &random) }
    }

    // MARK: Changes

    private static func change(
        _ elements: GraphElements, _ unit: UnitOfWork, _ random: inout SeededRandom
    ) throws {
        let there = ids.filter {
            (try? elements.find(GraphNode.self, [$0], of: tenant, in: unit.transaction))?.isEmpty == false
        }
        let header = ElementHeader(
            id: ids.randomElement(using: &random) ?? "", group: ["", "a", " a"].randomElement(using: &random) ?? "",
            createdAt: unit.now)
        let text = (0..<3).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
        let vector: [Float]? =
            Bool.random(using: &random) ? (0..<3).map { _ in Float.random(in: -1...1, using: &random) } : nil
        let attributes = attributes(&random)
        func node() -> String? { there.randomElement(using: &random) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            let node = GraphNode(
                header, name: text, labels: ["A", "B", " B"].filter { _ in Bool.random(using: &random) },
                attributes: attributes)
            try elements.put([try elements.draft(node, embedding: vector)], in: unit)
        case 4..<7:
            guard let from = node(), let to = node() else { return }
            let edge = GraphEdge(
                header, from: from, to: to, name: ["TO", "BY"].randomElement(using: &random) ?? "", fact: text,
                episodes: Array(ids.prefix(Int.random(in: 0..<4, using: &random))),
                validAt: Bool.random(using: &random) ? unit.now : nil,
                invalidAt: Int.random(in: 0..<3, using: &random) == 0 ? .latest : nil,
                expiredAt: [nil, Timestamp(microseconds: 0), unit.now].randomElement(using: &random) ?? nil,
                attributes: attributes)
            try elements.put([try elements.draft(edge, embedding: vector)], in: unit)
        case 7:
            let mentions = Set((0..<3).compactMap { _ in node() }).sorted()
            let episode = GraphEpisode(
                header, name: "", content: text, validAt: unit.now, mentions: mentions, attributes: attributes)
            try elements.put([try elements.draft(episode, embedding: vector)], in: unit)
        case 8:
            try elements.delete(GraphEdge.self, [header.id], in: unit)
            try elements.delete(GraphEpisode.self, [header.id], in: unit)
        default:
            // Its edges stay.
            try elements.delete(GraphNode.self, [header.id], in: unit)
        }
    }

    private static func attributes(_ random: inout SeededRandom) -> JSONObject {
        var members: [JSONObject.Member] = []
        for name in names where Int.random(in: 0..<3, using: &random) == 0 {
            members.append(.init(name, values.randomElement(using: &random) ?? .null))
        }
        return JSONObject(members)
    }

    // MARK: Comparing

    private static func compare(
        _ pair: Pair, at moment: Timestamp? = nil, _ random: inout SeededRandom
    ) async throws {
        let (left, right) = try await pair.sides(at: moment)
        var search = GraphSearch(words.randomElement(using: &random) ?? "")
        search.embedding = (0..<3).map { _ in Float.random(in: -1...1, using: &random) }
        search.limit = [3, 1_000].randomElement(using: &random) ?? 10
        search.origins = Bool.random(using: &random) ? [] : [ids.randomElement(using: &random) ?? ""]
        search.filters = filters(&random)
        var section = SectionSearch([.similarity])
        section.direction = EdgeDirection.allCases.randomElement(using: &random) ?? .both
        section.depth = Int.random(in: 0...4, using: &random)
        section.minimumSimilarity = [-1, 0.6].randomElement(using: &random) ?? 0
        section.reranker =
            [.reciprocalRank, .marginalRelevance, .episodeMentions].randomElement(using: &random) ?? .reciprocalRank
        for kind in ElementKind.allCases {
            for methods in [[SearchMethod.similarity], [.similarity, .breadthFirst]] {
                section.methods = methods
                let found = try [left, right].map { try $0.search(search, kind, section) }
                #expect(
                    found[0].map(\.id) == found[1].map(\.id),
                    "\(random) \(kind) \(section) \(search) \(found[0]) \(found[1])")
            }
            section.methods = [.fullText]
            var broad = search
            broad.limit = 1_000
            let found = try [left, right].map { try $0.search(broad, kind, section).map(\.id).sorted() }
            #expect(found[0] == found[1], "\(random) \(kind) \(broad)")
        }
        try compareDistances(left, right, search, &random)
        try compareWalks(left, right, &random)
        try compareParts(left, right, &random)
    }

    private static func filters(_ random: inout SeededRandom) -> GraphFilters {
        var filters = GraphFilters()
        switch Int.random(in: 0..<8, using: &random) {
        case 0: filters.groups = ["a", ""]
        case 1: filters.groups = [" a"]
        case 2: filters.labels = ["B"]
        case 3: filters.edgeTypes = ["BY", "'"]
        case 4: filters.times[.validAt] = [[.init(.missing)], [.init(.later, Timestamp(microseconds: 0))]]
        case 5: filters.limit(to: AsOf(valid: .latest, known: Timestamp(microseconds: 0)))
        case 6: filters.limit(to: AsOf(valid: Timestamp(microseconds: 0)))
        default: break
        }
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            filters.attributes.append(
                GraphFilters.AttributeCondition(
                    names.randomElement(using: &random) ?? "",
                    GraphFilters.Comparison.allCases.randomElement(using: &random) ?? .equal,
                    values.randomElement(using: &random)))
        }
        return filters
    }

    private static func compareDistances(
        _ left: Side, _ right: Side, _ search: GraphSearch, _ random: inout SeededRandom
    ) throws {
        var (search, section) = (search, SectionSearch([.similarity]))
        section.reranker = .nodeDistance
        section.minimumSimilarity = -1
        search.limit = 1_000
        search.center = ids.randomElement(using: &random)
        for kind in ElementKind.allCases {
            func hits(_ side: Side) -> Result<[[String]], Failure> {
                Result { try side.search(search, kind, section).map { [$0.id, "\($0.score)"] } }
                    .mapError { $0 as? Failure ?? .internal("\($0)") }
            }
            switch (hits(left), hits(right)) {
            case (.success(let left), .success(let right)): #expect(left == right, "\(random) \(kind) \(search)")
            case (.failure(let left), .failure(let right)): #expect(left.code == right.code)
            default: Issue.record("One fails: \(random) \(kind) \(search)")
            }
        }
    }

    private static func compareWalks(_ left: Side, _ right: Side, _ random: inout SeededRandom) throws {
        let (from, to) = (ids.randomElement(using: &random) ?? "", ids.randomElement(using: &random) ?? "")
        let direction = EdgeDirection.allCases.randomElement(using: &random) ?? .both
        let (depth, limit) = (Int.random(in: 0...4, using: &random), Int.random(in: 1...8, using: &random))
        var filters = filters(&random)
        if Bool.random(using: &random) { filters.validAt = Timestamp(microseconds: 0) }
        var ways = filters.ofWays
        ways.edgeTypes = filters.edgeTypes
        let wantsEdges = Bool.random(using: &random)
        let around = [left, right].map { side in
            Result {
                var query = GraphNeighborhood.Query(of: from)
                (query.depth, query.direction, query.filters, query.limit) = (depth, direction, ways, limit)
                query.wantsEdges = wantsEdges
                return try side.role.neighborhood(query, tenant, in: side.past)
            }.mapError { $0 as? Failure ?? .internal("\($0)") }
        }
        #expect(
            (try? around[0].get()) == (try? around[1].get()), "\(random) \(from) \(depth) \(direction) \(limit)")
        let paths = [left, right].map { side in
            try? side.role.paths(
                from: from, to: to, depth: depth, direction: direction, ways, limit: limit, tenant, in: side.past)
        }
        #expect(paths[0] == paths[1], "\(random) \(from) \(to) \(depth) \(direction) \(limit)")
        let mentioning = try [left, right].map { try $0.role.episodes(mentioning: [from, to], of: tenant) }
        #expect(mentioning[0] == mentioning[1], "\(random) \(from) \(to)")
    }

    private static func compareParts(_ left: Side, _ right: Side, _ random: inout SeededRandom) throws {
        let (filters, limit) = (filters(&random), Int.random(in: 1...20, using: &random))
        let parts = try [left, right].map { side in
            try side.role.part(filters, limit: limit, of: tenant, in: side.past)
        }
        #expect(parts[0] == parts[1], "\(random) \(filters) \(limit)")
    }

    @Test("Centrality means the same")
    func centrality() async throws {
        let pair = try await Pair()
        try await pair.write { [elements = pair.embedded.role.elements] unit in
            try elements.put(
                (0..<8).map { number in
                    let header = ElementHeader(id: "n\(number)", createdAt: unit.now)
                    return try elements.draft(GraphNode(header, name: "x"), embedding: [1, Float(number) / 20, 0])
                }, in: unit)
            // Several edges between two nodes, one to itself, and a hub that is pointed to.
            let ends = [(0, 1), (0, 1), (1, 0), (2, 2), (3, 4), (5, 4), (6, 4), (1, 4)]
            try elements.put(
                ends.enumerated().map { number, ends in
                    let header = ElementHeader(id: "e\(number)", createdAt: unit.now)
                    return ElementDraft(GraphEdge(header, from: "n\(ends.0)", to: "n\(ends.1)", name: "TO"))
                }, in: unit)
        }
        var search = GraphSearch("")
        (search.embedding, search.limit) = ([1, 0, 0], 20)
        var section = SectionSearch([.similarity])
        section.reranker = .centralityBoosted
        section.centralityFactor = 10
        func scores(_ world: KnowledgeWorld, in past: PastGraph? = nil) throws -> [(String, Double)] {
            try world.role.search(search, .node, section, of: Self.tenant, in: past).map { ($0.id, $0.score) }
        }
        try await wait { try [pair.embedded, pair.falkorDB].allSatisfy { try scores($0).first?.0 == "n4" } }
        let (left, right) = (try scores(pair.embedded), try scores(pair.falkorDB))
        #expect(left.map(\.0) == right.map(\.0) && left.count == 8)
        for (left, right) in zip(left, right) { #expect(abs(left.1 - right.1) < 1e-6) }
        // How central nodes are is that of now, whatever they were.
        let moment = pair.embedded.store.time.now()
        pair.embedded.store.time.advance(bySeconds: 60)
        try await pair.write { [elements = pair.embedded.role.elements] unit in
            try elements.delete(GraphNode.self, ["n3"], in: unit)
        }
        var past: [[String]] = []
        try await wait {
            let sides = try await pair.sides(at: moment)
            past = [try scores(pair.embedded, in: sides.0.past), try scores(pair.falkorDB, in: sides.1.past)]
                .map { $0.map(\.0) }
            return past.allSatisfy { $0.last == "n3" }
        }
        #expect(past[0] == past[1] && past[0].count == 8 && past[0].first == "n1")
    }
}
