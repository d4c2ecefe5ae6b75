import ChangeLog
import Core
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// What holds whoever finds the vectors.
@Suite struct EngineTests {
    private func numbers(_ hits: [PointHit]) -> [Int] {
        hits.compactMap { if case .number(let number) = $0.key { Int(number) } else { nil } }
    }

    @Test(arguments: EngineKind.allCases, VectorMetric.allCases)
    func theNearestAreFoundWithTheirScores(_ kind: EngineKind, _ metric: VectorMetric) async throws {
        var random = SeededRandom.fresh()
        let sample = try VectorSample(1_500, size: 8, metric, &random)
        let world = try await kind.world()
        try await world.make("a", of: sample)
        var right = 0
        for _ in 0..<20 {
            let vector = VectorSample.vector(8, &random)
            var query = PointQuery(.nearest(.vector(vector)))
            query.isExact = true
            let exact = try await world.find(query, in: "a")
            let expected = sample.nearest(vector, 10)
            #expect(numbers(exact) == expected, "\(random)")
            for (hit, number) in zip(exact, expected) {
                #expect(abs(hit.score - sample.score(number, vector)) < 1e-4, "\(random)")
            }
            query.isExact = false
            let found = try await world.find(query, in: "a")
            #expect(found.count == 10)
            right += Set(numbers(found)).intersection(expected).count
        }
        #expect(right >= 190, "\(random)")
    }

    @Test(arguments: EngineKind.allCases)
    func filtersOfEachSelectivityFindAllThatAreWanted(_ kind: EngineKind) async throws {
        var random = SeededRandom.fresh()
        let sample = try VectorSample(6_000, size: 16, .cosine, &random)
        let world = try await kind.world()
        try await world.make("a", of: sample)
        for (share, wanted) in [(500, 10), (100, 10), (10, 10), (1, 6), (0, 0)] {
            var right = 0
            for _ in 0..<10 {
                let vector = VectorSample.vector(16, &random)
                var query = PointQuery(.nearest(.vector(vector)))
                query.filter = PayloadFilter(
                    must: [.field(try PayloadPath("share"), .range(NumberRange(lt: Double(share))))])
                let found = numbers(try await world.find(query, in: "a"))
                #expect(found.count == wanted && Set(found).count == wanted, "\(share) of 1,000, \(random)")
                #expect(found.allSatisfy { $0 % 1_000 < share })
                right += Set(found).intersection(sample.nearest(vector, 10) { $0 % 1_000 < share }).count
            }
            #expect(right * 100 >= 95 * wanted * 10, "\(share) of 1,000: \(right), \(random)")
        }
    }

    @Test(arguments: EngineKind.allCases)
    func updatesAndDeletionsAreFoundAtOnce(_ kind: EngineKind) async throws {
        let world = try await kind.world()
        let collection = try await world.make("a")
        try await world.put(1...700, into: collection)
        #expect(try await world.nearest(to: 7.2, in: "a") == [.number(7), .number(8), .number(6)])
        try await world.write { [role = world.role] unit in
            let drafts = [MemoryWorld.draft(.number(7), at: 2_000), MemoryWorld.draft(.text("new"), at: 7)]
            try role.points.upsert(drafts, into: collection, in: unit)
            _ = try role.points.delete([.number(8)], of: collection, in: unit)
        }
        #expect(try await world.nearest(to: 7.2, in: "a") == [.text("new"), .number(6), .number(9)])
        #expect(try await world.nearest(to: 1_999, limit: 1, in: "a") == [.number(7)])
        try await world.write { [role = world.role] unit in
            _ = try role.points.delete((1...690).map { .number($0) }, of: collection, in: unit)
            try role.points.upsert([MemoryWorld.draft(.number(8), at: 8)], into: collection, in: unit)
        }
        let left = try await world.nearest(to: 0, limit: 100, in: "a")
        #expect(left == [.text("new"), .number(8)] + (691...700).map { .number($0) })
    }

    @Test(arguments: EngineKind.allCases)
    func vectorsOfSeveralNamesAreFoundByEach(_ kind: EngineKind) async throws {
        let world = try await kind.world()
        let first = CollectionDefinition(vectors: [VectorDefinition(name: "left", size: 3, metric: .euclid)])
        let made = try await world.write { [role = world.role] in try role.collections.create("a", first, in: $0) }
        try await world.put(1...5, into: made)
        var second = first
        second.vectors.append(VectorDefinition(name: "right", size: 2, metric: .manhattan))
        let definition = second
        let collection = try await world.write { [role = world.role] in
            try role.collections.update("a", in: $0) { $0 = definition }
        }
        try await world.write { [role = world.role] unit in
            let drafts = [(3, 30), (9, 90)].map { number, place in
                var vectors = PointVectors()
                if number == 3 { vectors.set([3, 0, 0], at: 0) }
                vectors.set([Float(place), 0], at: 1)
                return PointDraft(key: .number(UInt64(number)), payload: Array("{}".utf8), vectors: vectors)
            }
            try role.points.upsert(drafts, into: collection, in: unit)
        }
        var query = PointQuery(.nearest(.vector([31, 0])))
        query.vectorName = "right"
        let right = try await world.find(query, in: "a")
        #expect(numbers(right) == [3, 9] && right.map(\.score) == [1, 59])
        query = PointQuery(.nearest(.vector([3, 0, 0])))
        query.vectorName = "left"
        query.filter = PayloadFilter(mustNot: [.hasVector("right")])
        #expect(numbers(try await world.find(query, in: "a")) == [2, 4, 1, 5])
    }

    /// What depends on more than one search is as it is with the index of this server.
    @Test func queriesOfSeveralPartsAgree() async throws {
        var random = SeededRandom.fresh()
        let sample = try VectorSample(800, size: 8, .cosine, &random)
        var answers: [[[Int]]] = []
        for kind in EngineKind.allCases {
            let world = try await kind.world()
            try await world.make("a", of: sample)
            var queries = PointQuery.Strategy.allCases.map { strategy in
                PointQuery(
                    .recommend(
                        positive: [.point(.number(1)), .point(.number(2))], negative: [.point(.number(3))], strategy))
            }
            queries.append(PointQuery(.nearest(.point(.number(5)))))
            var fused = PointQuery(.fused(.reciprocalRank(constant: 2, weights: nil)))
            fused.prefetch = [
                PointQuery(.nearest(.vector(sample.vectors[7]))), PointQuery(.nearest(.vector(sample.vectors[8]))),
            ]
            for index in fused.prefetch.indices { fused.prefetch[index].isExact = true }
            queries.append(fused)
            var within = PointQuery(.nearest(.vector(sample.vectors[9])))
            within.prefetch = [PointQuery(.all)]
            within.prefetch[0].limit = 40
            queries.append(within)
            var threshold = PointQuery(.nearest(.vector(sample.vectors[10])))
            (threshold.scoreThreshold, threshold.limit, threshold.offset) = (0.3, 200, 2)
            queries.append(threshold)
            var found: [[Int]] = []
            for var query in queries {
                query.isExact = true
                found.append(numbers(try await world.find(query, in: "a")))
            }
            answers.append(found)
        }
        #expect(answers.allSatisfy { $0 == answers[0] }, "\(random)")
        #expect(answers[0].allSatisfy { $0.count >= 10 })
    }

    /// A restart goes on with what the engine has, and a second server makes the same of the tables.
    @Test(arguments: EngineKind.allCases)
    func aRestartFindsWhatWasThereAndWhatCameSince(_ kind: EngineKind) async throws {
        let (settings, holder) = try await kind.place()
        let first = try await MemoryWorld(.sqlite, keepsFiles: true, settings: settings, holding: holder)
        let collection = try await first.make("a")
        try await first.put(1...600, into: collection)
        await first.stop()
        // Nobody follows the log while this is written.
        let drafts = [MemoryWorld.draft(.number(5), at: 9_000), MemoryWorld.draft(.number(1_000), at: 5)]
        _ = try await first.store.log.write(TestStore.context) { [role = first.role] unit in
            try role.points.upsert(drafts, into: collection, in: unit)
            _ = try role.points.delete([.number(4), .number(600)], of: collection, in: unit)
        }
        let second = try await MemoryWorld(.sqlite, keepsFiles: true, settings: settings, on: first.store)
        try await second.role.waitUntilFound(second.store.log.seen, atMost: .seconds(60))
        #expect(try await second.nearest(to: 5, in: "a") == [.number(1_000), .number(6), .number(3)])
        #expect(try await second.nearest(to: 8_999, limit: 2, in: "a") == [.number(5), .number(599)])
        #expect(try await second.counts(collection) == [599, 599])
        await second.stop()
    }

    @Test(arguments: EngineKind.allCases)
    func aCollectionThatIsMadeAgainIsEmpty(_ kind: EngineKind) async throws {
        let world = try await kind.world()
        let first = try await world.make("a")
        try await world.put(1...50, into: first)
        try await world.write { [role = world.role] in _ = try role.collections.delete("a", in: $0) }
        let second = try await world.make("a")
        #expect(try await world.nearest(to: 1, in: "a").isEmpty)
        try await world.put(7...8, into: second)
        #expect(try await world.nearest(to: 1, in: "a") == [.number(7), .number(8)])
    }
}
