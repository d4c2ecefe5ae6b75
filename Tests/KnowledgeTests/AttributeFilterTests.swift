import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Filters on attributes", .timeLimit(.minutes(5)))
struct AttributeFilterTests {
    private typealias Condition = GraphFilters.AttributeCondition

    private static func attributes(_ json: String) throws -> JSONObject {
        guard case .object(let object) = try JSONParser.parse(Array(json.utf8)) else { return JSONObject() }
        return object
    }

    /// Nodes that have the word "twin", by their ids, with their attributes.
    private func write(_ attributes: KeyValuePairs<String, String>, _ world: KnowledgeWorld) async throws {
        let read = try attributes.map { (id: $0.key, attributes: try Self.attributes($0.value)) }
        try await world.write { [role = world.role] unit in
            try role.elements.put(
                read.map { id, attributes in
                    let header = ElementHeader(id: id, createdAt: unit.now)
                    return ElementDraft(GraphNode(header, name: "twin", attributes: attributes))
                }, in: unit)
        }
    }

    private func search(_ conditions: [Condition]) -> GraphSearch {
        var search = GraphSearch("twin")
        search.filters.attributes = conditions
        return search
    }

    @Test("They let through what they say", arguments: GraphPlace.allCases)
    func comparisons(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await write(
            [
                "a": #"{"colour": "red", "born": 1815, "there": true}"#,
                "b": #"{"colour": ["blue", "red"], "born": 1815.0}"#,
                "c": #"{"colour": "Red", "born": "1815", "there": false}"#,
                "d": #"{"colour": null, "born": 9007199254740993, "parts": {"wheel": 1}}"#, "e": "{}",
            ], world)
        func find(_ conditions: Condition...) throws -> String {
            try world.find(search(conditions), .node, .fullText).joined()
        }
        #expect(try find(Condition("colour", .equal, .string("red"))) == "ab")
        #expect(try find(Condition("colour", .different, .string("red"))) == "bc")
        #expect(try find(Condition("colour", .missing)) == "de")
        #expect(try find(Condition("colour", .known)) == "abc")
        #expect(try find(Condition("colour", .notLater, .string("blue"))) == "bc")
        #expect(try find(Condition("born", .equal, .number("1815"))) == "ab")
        #expect(try find(Condition("born", .earlier, .number("1815.5"))) == "ab")
        #expect(try find(Condition("born", .later, .integer(9_007_199_254_740_992))) == "d")
        #expect(try find(Condition("born", .notEarlier, .number("1815"))) == "abd")
        #expect(try find(Condition("born", .equal, .string("1815"))) == "c")
        #expect(try find(Condition("there", .equal, .bool(false))) == "c")
        #expect(try find(Condition("there", .different, .bool(false))) == "a")
        #expect(try find(Condition("parts", .known)) == "d")
        #expect(try find(Condition("nobody's", .equal, .string("red"))).isEmpty)
        #expect(try find(Condition("nobody's", .missing)) == "abcde")
        // All of them must hold.
        #expect(
            try find(Condition("colour", .equal, .string("red")), Condition("colour", .equal, .string("blue"))) == "b")
        #expect(try find(Condition("colour", .known), Condition("born", .different, .integer(1815))) == "c")
    }

    @Test(
        "They hold for facts and episodes, for what is near, and for what edges lead to",
        arguments: GraphPlace.allCases)
    func methods(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await write(["a": #"{"n": 1}"#, "b": #"{"n": 2}"#, "c": #"{"n": 3}"#], world)
        try await world.write { [role = world.role] unit in
            for (number, ends) in [("a", "b"), ("b", "c")].enumerated() {
                let header = ElementHeader(id: "e\(number)", createdAt: unit.now)
                let edge = GraphEdge(
                    header, from: ends.0, to: ends.1, name: "TO", fact: "twin",
                    attributes: JSONObject([.init("n", .integer(number))]))
                try role.elements.put([try role.elements.draft(edge, embedding: [1, 0, 0])], in: unit)
            }
            let episode = GraphEpisode(
                ElementHeader(id: "p", createdAt: unit.now), name: "", content: "twin", validAt: unit.now,
                attributes: JSONObject([.init("n", .integer(1))]))
            try role.elements.put([ElementDraft(episode)], in: unit)
        }
        var search = search([Condition("n", .notEarlier, .integer(1))])
        #expect(try world.find(search, .edge, .fullText) == ["e1"])
        #expect(try world.find(search, .episode, .fullText) == ["p"])
        (search.query, search.embedding, search.origins) = ("", [1, 0, 0], ["a"])
        #expect(try world.find(search, .edge, .similarity) == ["e1"])
        #expect(try world.find(search, .edge, .breadthFirst) == ["e1"])
        // What may be found does not say where the way leads.
        search.filters.attributes = [Condition("n", .later, .integer(2))]
        #expect(try world.find(search, .node, .breadthFirst) == ["c"])
    }

    @Test("They follow what changes, and a later start finds the same", arguments: GraphPlace.allCases)
    func changes(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await write(["a": #"{"colour": "red"}"#, "b": #"{"colour": "red"}"#, "c": #"{"colour": "red"}"#], world)
        try await write(["a": #"{"colour": "blue"}"#, "b": "{}"], world)
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["c"], in: $0) }
        let later = try await KnowledgeWorld(place, on: world.store)
        try await later.catchUp(with: world)
        for world in [world, later] {
            func find(_ comparison: GraphFilters.Comparison, _ value: String?) throws -> [String] {
                let condition = Condition("colour", comparison, value.map(JSONValue.string))
                return try world.find(search([condition]), .node, .fullText)
            }
            #expect(try find(.equal, "red").isEmpty)
            #expect(try find(.equal, "blue") == ["a"])
            #expect(try find(.missing, nil) == ["b"])
            #expect(try find(.known, nil) == ["a"])
        }
    }

    @Test("They hold for what was known at a moment", arguments: GraphPlace.embedded)
    func past(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await write(["a": #"{"colour": "red"}"#, "b": "{}"], world)
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await write(["a": #"{"colour": "blue"}"#, "b": #"{"colour": "red"}"#, "c": "{}"], world)
        let present = world.role.present(of: TestStore.context.tenant)
        let past = try await world.store.log.read { [role = world.role] in
            try role.past(moment, of: present, TestStore.context.tenant, in: $0)
        }.value
        func find(_ condition: Condition, in past: PastGraph?) throws -> [String] {
            try world.role.search(
                search([condition]), .node, SectionSearch([.fullText]), of: TestStore.context.tenant, in: past
            ).map(\.id)
        }
        let red = Condition("colour", .equal, .string("red"))
        #expect(try find(red, in: past) == ["a"])
        #expect(try find(red, in: nil) == ["b"])
        #expect(try find(Condition("colour", .equal, .string("blue")), in: past).isEmpty)
        #expect(try find(Condition("colour", .missing), in: past) == ["b"])
        #expect(try find(Condition("colour", .missing), in: nil) == ["c"])
    }
}
