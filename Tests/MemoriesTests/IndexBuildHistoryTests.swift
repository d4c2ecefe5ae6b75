import ChangeLog
import Core
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// Random changes while indexes are made beside the follower, compared with what exact search must find.
@Suite struct IndexBuildHistoryTests {
    /// What a point should be.
    private struct Expected {
        var place: Float
        var number: Int
    }

    /// A collection, what should be in it, and what holds the making of its indexes.
    private final class History {
        let world: MemoryWorld
        let collection: PointCollection
        let gate: BuildGate
        let size: Int
        var random = SeededRandom.fresh()
        private var points: [UInt64: Expected] = [:]
        private var placeCount = 0

        init(size: Int, count: UInt64) async throws {
            self.size = size
            world = try await MemoryWorld(
                .sqlite, settings: ["memories.recall_sample": "0", "memories.recall_bound": "0"])
            let definition = CollectionDefinition(
                vectors: [VectorDefinition(size: size, metric: .euclid, m: 4, efConstruction: 8)])
            collection = try await world.write { [role = world.role] in
                try role.collections.create("a", definition, in: $0)
            }
            gate = BuildGate(world.role)
            try await upsert(Array(0..<count))
        }

        /// No two points are as far from anything.
        private func nextPlace() -> Float {
            placeCount += 1
            return Float(placeCount * 7_919 % 999_983)
        }

        private func someKeys() -> [UInt64] {
            (0..<Int.random(in: 1...40, using: &random)).map { _ in UInt64.random(in: 0..<1_500, using: &random) }
        }

        /// A change that finds nothing to do is answered at the position before it, which may be of ``redefine()``: so
        /// nobody waits for the indexes of fields, which the gate holds.
        private func write(_ body: @escaping @Sendable (UnitOfWork) throws -> Void) async throws {
            let answer = try await world.store.log.write(TestStore.context, body)
            try await world.role.follower.waitUntil(position: answer.position, atMost: .seconds(60))
        }

        private func upsert(_ keys: [UInt64]) async throws {
            for key in keys {
                points[key] = Expected(place: nextPlace(), number: Int.random(in: 0..<9, using: &random))
            }
            let drafts = Set(keys).map { key in
                MemoryWorld.draft(
                    .number(key), at: points[key]?.place ?? 0, "{\"m\":\(points[key]?.number ?? 0)}", size: size)
            }
            try await write { [role = world.role, collection] in
                try role.points.upsert(drafts, into: collection, in: $0)
            }
        }

        private func delete(_ keys: [UInt64]) async throws {
            for key in keys { points[key] = nil }
            try await write { [role = world.role, collection] unit in
                _ = try role.points.delete(keys.map { .number($0) }, of: collection, in: unit)
            }
        }

        private func change(_ keys: [UInt64]) async throws {
            let number = Int.random(in: 0..<9, using: &random)
            for key in keys { points[key]?.number = number }
            try await write { [role = world.role, collection] unit in
                let keys = Set(keys).map { PointKey.number($0) }
                _ = try role.points.update(keys, of: collection, in: unit) { point in
                    try point.replacePayload(JSONObject([.init("m", .integer(Int64(number)))]))
                }
            }
        }

        /// Another kind of index of the field, or none. Nobody waits for it.
        private func redefine() async throws {
            let kind = [PayloadField.Kind.integer, .float, .keyword, nil].randomElement(using: &random) ?? nil
            _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
                try role.collections.update("a", in: unit) { definition in
                    definition.indexes = kind.map { [PayloadFieldDefinition("m", $0)] } ?? []
                }
            }
        }

        func step() async throws {
            switch Int.random(in: 0..<24, using: &random) {
            case 0...3: try await upsert(someKeys())
            case 4...5: try await delete(someKeys())
            case 6...8: try await change(someKeys())
            case 9: try await redefine()
            case 10...11: _ = try world.role.rebuild("a", of: collection.tenant)
            case 12...20: gate.pass()
            default: try await compare()
            }
        }

        /// Searches exactly, with a filter and without.
        func compare() async throws {
            let place = Float(Int.random(in: 0..<1_000_000, using: &random)) + 0.25
            let number = Int.random(in: 0..<9, using: &random)
            for isFiltered in [true, false] {
                var query = PointQuery(.nearest(.vector([place] + Array(repeating: 0, count: size - 1))))
                query.isExact = true
                if isFiltered {
                    let wanted = PayloadTest.match(.integer(Int64(number)))
                    query.filter = PayloadFilter(must: [.field(try PayloadPath("m"), wanted)])
                }
                let found = try await world.find(query, in: "a").map(\.key)
                let expected = points.filter { !isFiltered || $0.value.number == number }
                    .sorted { abs($0.value.place - place) < abs($1.value.place - place) }
                    .prefix(10).map { PointKey.number($0.key) }
                #expect(found == expected, "\(random), filtered: \(isFiltered)")
            }
        }

        /// Makes all that is still to be made, and looks at all of it.
        func end() async throws {
            _ = try world.role.rebuild("a", of: collection.tenant)
            gate.open()
            try await wait { world.role.indexes.nextBuild == nil }
            for _ in 0..<20 { try await compare() }
            let report = try await world.role.verify("a", of: collection.tenant)
            #expect(report.problems.isEmpty && report.pointCount == points.count, "\(random)")
            let counts = try await world.counts(collection)
            #expect(counts == [points.count, points.count], "\(random)")
            let builds = world.store.metrics.counter("index_builds_total", "", labels: ["outcome"])
            try await wait { builds.with("made").value > 0 }
            #expect(builds.with("failed").value == 0, "\(random)")
        }
    }

    /// Few components need no graph, many of them have one.
    @Test(arguments: [(3, 1_200), (2_500, 1_010)])
    func exactSearchFindsTheSameWhateverIsBeingMade(size: Int, count: UInt64) async throws {
        let history = try await History(size: size, count: count)
        for _ in 0..<200 { try await history.step() }
        try await history.end()
    }
}
