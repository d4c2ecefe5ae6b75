import ChangeLog
import Core
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// Indexes that are made beside the follower, held up at each of their steps.
@Suite struct IndexBuildTests {
    private let tenant = TestStore.context.tenant

    private func builds(_ outcome: String, _ world: MemoryWorld) -> Int {
        world.store.metrics.counter("index_builds_total", "", labels: ["outcome"]).with(outcome).value
    }

    private func filter(_ number: Int64) throws -> PayloadFilter {
        PayloadFilter(must: [.field(try PayloadPath("n"), .match(.integer(number)))])
    }

    /// The numbers of points in the order of a field.
    private func ordered(by path: String, in world: MemoryWorld) async throws -> [PointKey] {
        var query = PointQuery(.ordered(PointQuery.Order(path: path)))
        query.limit = 3
        return try await world.find(query, in: "a").map(\.key)
    }

    private func setNumber(
        _ number: Int64, of keys: [PointKey], in collection: PointCollection, _ world: MemoryWorld
    ) async throws {
        try await world.write { [role = world.role] unit in
            _ = try role.points.update(keys, of: collection, in: unit) { point in
                try point.replacePayload(JSONObject([.init("n", .integer(number))]))
            }
        }
    }

    /// Has the index of a new collection of 600 points made anew, and holds that before a step.
    private func rebuild(
        in world: MemoryWorld, until step: CollectionIndexes.BuildStep
    ) async throws -> (PointCollection, CollectionIndex, BuildGate) {
        let collection = try await world.make("a")
        try await world.put(1...600, into: collection)
        let old = try #require(world.role.index("a", of: tenant))
        let gate = BuildGate(world.role)
        _ = try world.role.rebuild("a", of: tenant)
        try await gate.reach(step)
        return (collection, old, gate)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsWrittenWhileAnIndexIsMadeIsFoundAtOnce(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let (collection, other) = (try await world.make("a"), try await world.make("b"))
        try await world.put((1...1_200).filter { $0 / 10 != 60 }, into: collection)
        let old = try #require(world.role.index("a", of: tenant))
        let gate = BuildGate(world.role)
        #expect(try world.role.rebuild("a", of: tenant).isRebuilding)
        let steps: [(CollectionIndexes.BuildStep, UInt64)] = [(.page, 600), (.swap, 605)]
        for (step, next) in steps {
            try await gate.reach(step)
            try await world.put([next], into: other)
            #expect(try await world.nearest(to: Float(next), limit: 1, in: "b") == [.number(next)])
            // Points that were not there, that the table is still to be asked for, and whose vectors stay.
            try await world.put([next], into: collection)
            #expect(try await world.nearest(to: Float(next), limit: 1, in: "a") == [.number(next)])
            try await setNumber(Int64(next), of: [.number(next - 590), .number(1_100)], in: collection, world)
            let changed = try await world.nearest(to: 0, try filter(Int64(next)), in: "a")
            #expect(changed == [.number(next - 590), .number(next), .number(1_100)])
            try await world.write { [role = world.role] unit in
                _ = try role.points.delete([.number(next - 570)], of: collection, in: unit)
            }
            #expect(world.role.index("a", of: tenant) === old && builds("made", world) == 0)
        }
        gate.open()
        try await wait { builds("made", world) == 1 }
        #expect(try !world.role.statistics("a", of: tenant).isRebuilding)
        let made = try #require(world.role.index("a", of: tenant))
        #expect(made !== old && made.count == 1_190)
        #expect(try await world.nearest(to: 604, in: "a") == [.number(605), .number(600), .number(599)])
        #expect(try await world.nearest(to: 0, try filter(600), in: "a") == [.number(10), .number(600)])
        #expect(
            try await world.nearest(to: 0, try filter(605), in: "a") == [.number(15), .number(605), .number(1_100)])
        #expect(try await world.nearest(to: 30.2, in: "a") == [.number(31), .number(29), .number(32)])
        #expect(try await world.role.verify("a", of: tenant).problems.isEmpty)
        try await world.put([602], into: collection)
        #expect(try await world.nearest(to: 602, limit: 1, in: "a") == [.number(602)])
    }

    @Test func aFieldIsUsedWhenAllItsValuesAreThere() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        let (points, add) = (world.role.points, { @Sendable (path: String) in PayloadFieldDefinition(path, .integer) })
        try await world.write { unit in
            let drafts = (1...1_200).map { MemoryWorld.draft(.number($0), at: Float($0), "{\"m\":\(2_000 - $0)}") }
            try points.upsert(drafts, into: collection, in: unit)
        }
        let gate = BuildGate(world.role)
        let position = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            try role.collections.update("a", in: unit) { $0.indexes.append(add("m")) }
        }.position
        let steps: [(CollectionIndexes.BuildStep, [PointKey])] = [
            (.page, [.number(2), .number(1_100)]), (.swap, [.number(3), .number(1_101)]),
        ]
        for (step, removed) in steps {
            try await gate.reach(step)
            let path = try PayloadPath("m")
            for (value, number) in [(1_999, 1), (1_000, 1_000), (801, 1_199)] {
                let filter = PayloadFilter(must: [.field(path, .match(.integer(Int64(value))))])
                #expect(try await world.nearest(to: 0, filter, in: "a") == [.number(UInt64(number))])
            }
            let early = await failure { _ = try await ordered(by: "m", in: world) }
            #expect(early?.code == "index_not_ready" && early?.kind == .unavailable)
            let unasked = await failure { _ = try await ordered(by: "x", in: world) }
            #expect(unasked?.code == "invalid_request")
            let late = await failure { try await world.role.waitUntilFound(position, atMost: .milliseconds(1)) }
            #expect(late?.code == "index_not_ready")
            // Others who write wait for nothing.
            try await world.write { unit in
                try points.upsert([MemoryWorld.draft(.number(700), at: 1, "{\"m\":-1}")], into: collection, in: unit)
                _ = try points.delete(removed, of: collection, in: unit)
            }
        }
        gate.open()
        try await world.role.waitUntilFound(position, atMost: .seconds(60))
        #expect(try await ordered(by: "m", in: world) == [.number(700), .number(1_200), .number(1_199)])
        let index = try #require(world.role.index("a", of: tenant))
        #expect(index.search { $0.payloads.fields.count } == 2 && index.count == 1_196)
        #expect(index.search { (try? $0.payloads.count(of: PayloadPath("m"))) } == 1_196)
    }

    /// One that is taken back while it is made, and another kind of one that is there.
    @Test func aFieldThatIsChangedWhileItIsMadeIsMadeAnew() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.put(1...1_200, into: collection)
        let gate = BuildGate(world.role)
        for definitions in [[("n", PayloadField.Kind.keyword)], [("n", .float)]] {
            _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
                try role.collections.update("a", in: unit) { definition in
                    definition.indexes = definitions.map { PayloadFieldDefinition($0.0, $0.1) }
                }
            }
            try await world.role.follower.waitUntil(position: world.store.settledHead(), atMost: .seconds(60))
            try await wait { gate.held != nil }
        }
        gate.open()
        try await wait { builds("made", world) == 1 }
        #expect(builds("given_up", world) == 1)
        let index = try #require(world.role.index("a", of: tenant))
        #expect(index.search { $0.payloads.fields.map(\.kind) } == [.float])
        #expect(try await ordered(by: "n", in: world) == [.number(1), .number(2), .number(3)])
    }

    @Test(arguments: [CollectionIndexes.BuildStep.page, .swap], [true, false])
    func aCollectionThatGoesTakesItsBuildWithIt(_ step: CollectionIndexes.BuildStep, isMadeAgain: Bool) async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.put(1...1_200, into: collection)
        let gate = BuildGate(world.role)
        _ = try world.role.rebuild("a", of: tenant)
        try await gate.reach(step)
        try await world.write { [role = world.role] in _ = try role.collections.delete("a", in: $0) }
        let again = isMadeAgain ? try await world.make("a") : nil
        if let again { try await world.put([5], into: again) }
        gate.open()
        try await wait { builds("given_up", world) == 1 }
        #expect(!world.role.indexes.isRemaking(collection.number) && builds("made", world) == 0)
        if again == nil {
            #expect(world.role.index("a", of: tenant) == nil)
        } else {
            #expect(try await world.nearest(to: 1, in: "a") == [.number(5)])
        }
    }

    /// The vectors that another definition adds must not be lost.
    @Test func anIndexWhoseCollectionChangesIsBegunAgain() async throws {
        let world = try await MemoryWorld(.sqlite)
        let (_, old, gate) = try await rebuild(in: world, until: .swap)
        let changed = try await world.write { [role = world.role] unit in
            try role.collections.update("a", in: unit) { definition in
                definition.vectors.append(VectorDefinition(name: "second", size: 2, metric: .euclid))
            }
        }
        var vectors = PointVectors()
        vectors.set([1, 2], at: 1)
        let draft = PointDraft(key: .number(900), payload: Array("{}".utf8), vectors: vectors)
        try await world.write { [role = world.role] in try role.points.upsert([draft], into: changed, in: $0) }
        gate.open()
        try await wait { builds("made", world) == 1 }
        #expect(builds("given_up", world) == 1)
        let made = try #require(world.role.index("a", of: tenant))
        #expect(made !== old && made.vectors.map(\.count) == [600, 1])
    }

    /// A server that ends does not wait for what it is making.
    @Test func aServerThatEndsGivesUpWhatItMakes() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let (collection, old, _) = try await rebuild(in: world, until: .page)
        await world.stop()
        #expect(world.role.index("a", of: tenant) === old && world.role.indexes.beingMade.isEmpty)
        let second = try await MemoryWorld(.sqlite, keepsFiles: true, on: world.store)
        try await second.role.waitUntilFound(second.store.settledHead(), atMost: .seconds(60))
        #expect(try await second.counts(collection) == [600, 600])
    }

    /// Else each search would look at all of its vectors, and the next writer would wait until they are linked.
    @Test func anIndexIsLinkedBeforeItTakesThePlace() async throws {
        let world = try await MemoryWorld(.sqlite, settings: ["memories.recall_sample": "0"])
        let definition = CollectionDefinition(
            vectors: [VectorDefinition(size: 2_500, metric: .euclid, m: 4, efConstruction: 8)])
        let collection = try await world.write { [role = world.role] in
            try role.collections.create("a", definition, in: $0)
        }
        try await world.put(1...1_010, into: collection, size: 2_500)
        let old = try #require(world.role.index("a", of: tenant)).embedded[0]
        old.linkSome(.max)
        let gate = BuildGate(world.role)
        _ = try world.role.rebuild("a", of: tenant)
        try await gate.reach(.page)
        #expect(world.role.indexes.beingMade.map(\.count) == [0])
        try await gate.reach(.swap)
        let made = try #require(world.role.indexes.beingMade.first)
        #expect(old.unlinkedCount == 0 && made.unlinkedCount == 0 && made.count == 1_010)
        #expect(made.checkInvariants().isEmpty)
        gate.open()
        try await wait { builds("made", world) == 1 }
    }

    /// What is being made takes memory, and is no second set of points.
    @Test func theMetricsTellOfWhatIsBeingMade() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.put(1...600, into: collection)
        func value(_ line: String) -> Double? {
            let text = String(decoding: PrometheusExposition.text(of: world.store.metrics), as: UTF8.self)
            return text.split(separator: "\n").first { $0.hasPrefix(line + " ") }?.split(separator: " ").last
                .flatMap { Double($0) }
        }
        let before = try #require(value("vector_index_bytes{part=\"vectors\"}"))
        let gate = BuildGate(world.role)
        _ = try world.role.rebuild("a", of: tenant)
        try await gate.reach(.swap)
        #expect(try #require(value("vector_index_bytes{part=\"vectors\"}")) >= before + 600 * 12)
        #expect(value("points") == 600)
        gate.open()
        try await wait { builds("made", world) == 1 }
        try await wait { value("vector_index_bytes{part=\"vectors\"}") == before }
        #expect(value("points") == 600)
    }
}
