import Core
import TestKit
import Testing

@testable import Search

/// What an index says is what the payloads say, after any history, in the index itself and in each of its copies.
@Suite struct PayloadIndexTests {
    /// An index and what it should know.
    private struct World: PointDirectory {
        var index = PayloadIndex()
        var payloads: [UInt32: JSONObject] = [:]

        func slot(of key: PointKey) -> UInt32? {
            guard case .number(let number) = key, let slot = UInt32(exactly: number), payloads[slot] != nil else {
                return nil
            }
            return slot
        }

        func vectorNames(of slot: UInt32) -> Set<String> { slot.isMultiple(of: 3) ? ["image", "sound"] : ["image"] }

        func slots(havingVector name: String) -> NodeSet? {
            name == "image" ? NodeSet(0..<10_000) : nil
        }

        func matches(_ filter: PayloadFilter, among slots: some Sequence<UInt32>) -> Set<UInt32> {
            Set(
                slots.filter { slot in
                    guard let payload = payloads[slot] else { return false }
                    let id = PointKey.number(UInt64(slot))
                    return filter.matches(payload: payload, id: id, vectorNames: vectorNames(of: slot))
                })
        }

        func check(_ filter: JSONValue, _ seed: SeededRandom) throws -> Bool {
            let filter = try PayloadFilter(filter)
            let expected = matches(filter, among: payloads.keys)
            let plan = index.plan(filter, points: self)
            let planned = Set(plan.nodes)
            #expect(plan.count == planned.count, "\(seed)")
            #expect(planned.isSuperset(of: expected), "\(seed): \(filter) misses \(expected.subtracting(planned))")
            let found = plan.residual.map { matches($0, among: plan.nodes) } ?? planned
            #expect(found == expected, "\(seed): \(filter) found \(found), not \(expected)")
            #expect(index.estimate(filter, points: self) <= payloads.count, "\(seed)")
            return plan.isExact && !filter.isEmpty
        }
    }

    private static let kinds: [(String, [PayloadField.Kind])] = [
        ("tag", [.keyword, .text]), ("tags", [.keyword, .text]), ("count", [.integer, .float]),
        ("price", [.float, .integer]), ("flag", [.bool]), ("made", [.datetime]), ("place", [.geo]), ("text", [.text]),
        ("offers[].price", [.integer, .float]), ("offers[].color", [.keyword]), ("uuid", [.uuid, .keyword]),
        ("inner.tag", [.keyword]), ("tags[]", [.keyword]),
    ]

    private func step(_ world: inout World, _ payloads: inout RandomPayloads) throws {
        let slot = UInt32.random(in: 0..<40, using: &payloads.random)
        switch Int.random(in: 0..<12, using: &payloads.random) {
        case 0, 1:
            world.index.remove(slot)
            world.payloads[slot] = nil
        case 2:
            let (path, kinds) = payloads.pick(Self.kinds)
            let kind = payloads.pick(kinds)
            let field = PayloadField(
                try PayloadPath(path), kind, isLookedUp: payloads.chance(80), isRanged: payloads.chance(80))
            let all = world.payloads
            world.index.add(field) { fill in for (slot, payload) in all { fill(slot, payload) } }
        case 3 where payloads.chance(20):
            world.index.drop(try PayloadPath(payloads.pick(Self.kinds).0))
        default:
            let payload = payloads.payload()
            world.index.set(payload, at: slot)
            world.payloads[slot] = payload
        }
    }

    @Test func plansAgreeWithPayloadsThroughHistories() throws {
        let seed = SeededRandom.fresh()
        var payloads = RandomPayloads(seed)
        var exact = 0
        for _ in 0..<12 {
            var world = World()
            var copies: [World] = []
            for turn in 0..<250 {
                try step(&world, &payloads)
                if turn.isMultiple(of: 50) { copies.append(world) }
                if try world.check(payloads.filter(), seed) { exact += 1 }
            }
            for copy in copies + [world] {
                #expect(Set(copy.index.slots) == Set(copy.payloads.keys), "\(seed)")
                #expect(copy.index.count == copy.payloads.count, "\(seed)")
                for _ in 0..<40 where try copy.check(payloads.filter(), seed) { exact += 1 }
            }
        }
        // Enough filters were answered by indexes alone for the comparison to mean something.
        #expect(exact > 200, "\(seed)")
    }

    /// What is indexed by itself is answered exactly, so that no payload is read.
    @Test(arguments: [
        ("tag", PayloadField.Kind.keyword, #"{"match": {"value": "red"}}"#),
        ("tag", .keyword, #"{"match": {"except": ["red"]}}"#),
        ("tag", .keyword, #"{"match": {"prefix": "r"}}"#),
        ("tag", .keyword, #"{"match": {"text": "RED"}}"#),
        ("tag", .uuid, #"{"match": {"any": ["red", "blue"]}}"#),
        ("count", .integer, #"{"match": {"value": 3}}"#),
        ("count", .integer, #"{"range": {"gt": 1, "lte": 3}}"#),
        ("price", .float, #"{"range": {"gt": 1.5}}"#),
        ("flag", .bool, #"{"match": {"value": true}}"#),
        ("made", .datetime, #"{"range": {"gte": "2024-01-01"}}"#),
        ("place", .geo, #"{"geo_radius": {"center": {"lat": 0, "lon": 0}, "radius": 200000}}"#),
        ("text", .text, #"{"match": {"text": "red fox"}}"#),
        ("text", .text, #"{"match": {"text_any": "red fox"}}"#),
        ("tag", .keyword, #"{"is_empty": false}"#),
        ("tag", .keyword, #"{"is_null": false}"#),
    ])
    func oneConditionIsExact(_ path: String, _ kind: PayloadField.Kind, _ test: String) throws {
        let seed = SeededRandom.fresh()
        var payloads = RandomPayloads(seed)
        var world = World()
        world.index.add(PayloadField(try PayloadPath(path), kind)) { _ in }
        for slot in 0..<UInt32(300) {
            // Numbers of another kind than the index's would leave something to ask.
            let value = path == "count" ? JSONValue.integer(slot % 6) : payloads.value(path)
            let isOdd = path == "price" && value.valueCount != 1 || path == "text" && value.valueCount > 1
            let payload = JSONObject(isOdd ? [] : [.init(path, value)])
            world.index.set(payload, at: slot)
            world.payloads[slot] = payload
        }
        guard case .object(let members) = try JSONParser.parse(Array(test.utf8)) else { return }
        let condition = JSONObject([.init("key", .string(path))] + members.members)
        let filter = JSONValue.object(JSONObject([.init("must", .object(condition))]))
        let plan = world.index.plan(try PayloadFilter(filter), points: world)
        #expect(path == "price" || plan.isExact, "\(seed)")
        #expect(plan.count > 0 && plan.count < 300, "\(seed)")
        _ = try world.check(filter, seed)
    }
}
