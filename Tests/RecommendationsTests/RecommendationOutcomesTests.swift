import ChangeLog
import Core
import Logging
import Storage
import TestKit
import Testing

@testable import Recommendations

/// What is counted of answers stays bounded, whatever clients call their variants.
@Suite(.timeLimit(.minutes(5))) struct RecommendationOutcomesTests {
    private static let engines = TestStore.Engine.allCases

    private func serve(_ variant: String, of tenant: Tenant = .first, times: Int = 1, by world: RecommendationsWorld) {
        var query = RecommendationQuery(.everybody)
        query.variant = variant
        for _ in 0..<times {
            world.role.count(ServedAnswer(Recommendations(algorithm: query.algorithm), of: query), of: tenant)
        }
    }

    private func answers(of tenant: Tenant, in world: RecommendationsWorld) async throws -> [String: Int64] {
        let now = world.store.log.time.now()
        let statistics = try await world.store.database.read { [outcomes = world.role.outcomes] in
            try outcomes.statistics(from: now, to: now, of: tenant, in: $0)
        }
        return Dictionary(uniqueKeysWithValues: statistics.map { ($0.variant, $0.answers) })
    }

    @Test(arguments: engines) func aFloodOfVariantsIsOneVariant(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let (flood, count) = (Tenant(2), 6_000)
        serve("b", by: world)
        for number in 0..<count { serve("v\(number)", of: flood, by: world) }
        serve("", of: flood, times: 2, by: world)
        // Those who came first, and other tenants, are counted all the same.
        serve("v0", of: flood, by: world)
        serve("b", by: world)
        serve("c", by: world)
        await world.role.served.write()
        let flooded = try await answers(of: flood, in: world)
        #expect(flooded.count == VariantNames.limit + 2)
        #expect(flooded["v0"] == 2 && flooded[""] == 2 && flooded["v99"] == 1)
        #expect(flooded[VariantNames.other] == Int64(count - VariantNames.limit))
        #expect(try await answers(of: .first, in: world) == ["b": 2, "c": 1])
        // Another day has names of its own.
        world.store.time.advance(bySeconds: 86_400)
        serve("late", of: flood, by: world)
        await world.role.served.write()
        #expect(try await answers(of: flood, in: world) == ["late": 1])
    }

    /// What came of an answer stands where the answer is counted, under whatever name that is.
    @Test(arguments: engines) func aClickCountsForTheVariantOfItsAnswer(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a")
        for number in 0..<VariantNames.limit + 2 {
            var query = RecommendationQuery(.everybody)
            query.variant = "v\(number)"
            let answer = try world.role.recommend(query, of: .first)
            world.role.count(ServedAnswer(answer, of: query), of: .first)
            try await world.write { [role = world.role] unit in
                var draft = InteractionDraft("u\(number)", .product("a"), .named("view"))
                draft.recommendation = answer.id
                try role.interactions.add([draft], in: unit)
            }
        }
        await world.role.served.write()
        let now = world.store.log.time.now()
        let found = try await world.store.database.read { [outcomes = world.role.outcomes] in
            try outcomes.statistics(from: now, to: now, of: .first, in: $0)
        }
        #expect(found.count == VariantNames.limit + 1)
        #expect(found.allSatisfy { $0.clicks == $0.items && $0.interactions == ["view": $0.clicks] })
        #expect(found.first { $0.variant == VariantNames.other }?.clicks == 2)
    }

    @Test(arguments: engines) func oldDaysGo(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let today = world.store.log.time.now().day
        func insert(_ days: ClosedRange<Int64>, of tenant: Int64) async throws {
            _ = try await world.store.database.write { transaction in
                for day in days {
                    let day = today - day
                    try transaction.execute(
                        "INSERT INTO recommendation_outcomes VALUES (\(tenant), \(day), 'popular', '', '=items', 1)")
                }
            }
        }
        func days(of tenant: Int64) async throws -> Set<Int64> {
            let days = try await world.store.database.read {
                try $0.rows("SELECT day FROM recommendation_outcomes WHERE tenant = \(tenant)") { $0.integer(0) }
            }
            return Set(days.map { today - $0 })
        }
        let kept = RecommendationOutcomes.keptDays
        for tenant in [Int64(1), 2] { try await insert(kept - 1...kept + 2, of: tenant) }
        serve("", by: world)
        await world.role.served.write()
        #expect(try await days(of: 1) == [0, kept - 1, kept])
        #expect(try await days(of: 2).count == 4)
    }

    @Test(arguments: engines) func moreThanAnAnswerHoldsIsRefused(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let limit = RecommendationOutcomes.rowLimit
        func add(_ kinds: Range<Int>, _ count: Int = 1) async throws {
            let now = world.store.log.time.now()
            let counts = kinds.map { RecommendationOutcomes.Row(.first, now, .popular, "", kind: "k\($0)") }
            _ = try await world.store.database.write { [outcomes = world.role.outcomes] transaction in
                try outcomes.add(Dictionary(uniqueKeysWithValues: counts.map { ($0, count) }), in: transaction)
            }
        }
        try await add(0..<limit)
        #expect(try await answers(of: .first, in: world) == ["": 0])
        // What was taken back takes no room.
        try await add(limit..<limit + 2, 1)
        try await add(limit..<limit + 2, -1)
        #expect(try await answers(of: .first, in: world) == ["": 0])
        try await add(limit..<limit + 1)
        do {
            _ = try await answers(of: .first, in: world)
            Issue.record("It was answered.")
        } catch let failure as Failure {
            #expect(failure.code == "too_many_statistics")
        }
    }
}
