import ChangeLog
import Core
import Expressions
import Foundation
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import Recommendations

/// What is told of recommendations in figures, and what each setting moves.
@Suite(.timeLimit(.minutes(5))) struct RecommendationMetricsTests {
    /// A value of the exposition.
    private func value(_ name: String, in world: RecommendationsWorld) -> Double? {
        let text = String(decoding: PrometheusExposition.text(of: world.store.metrics), as: UTF8.self)
        return text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }.flatMap {
            Double($0.dropFirst(name.count + 1))
        }
    }

    @Test func tellsHowMuchMemoryItTakes() async throws {
        let world = try await RecommendationsWorld()
        #expect(value("recommendation_memory_bytes{part=\"items\"}", in: world) == 0)
        try await world.items("a", "b", attributes: [.init("text", .string(String(repeating: "x", count: 1_000)))])
        try await world.user("ann", "view", "a", "b")
        try await world.user("bob", "view", "b")
        let attributes = 2 * (1_000 + #"{"text":""}"#.utf8.count)
        #expect(
            value("recommendation_memory_bytes{part=\"items\"}", in: world)
                == Double(2 * RecommendationSize.item + attributes))
        #expect(
            value("recommendation_memory_bytes{part=\"users\"}", in: world)
                == Double(2 * RecommendationSize.user + 3 * RecommendationSize.historyEntry))
        try await world.train()
        #expect(value("recommendation_memory_bytes{part=\"models\"}", in: world) ?? 0 > 100)
        try await world.write { [role = world.role] unit in
            try role.items.delete(.product("a"), in: unit)
            try role.users.delete("ann", in: unit)
        }
        #expect(
            value("recommendation_memory_bytes{part=\"items\"}", in: world)
                == Double(2 * RecommendationSize.item + attributes / 2))
        #expect(
            value("recommendation_memory_bytes{part=\"users\"}", in: world)
                == Double(RecommendationSize.user + RecommendationSize.historyEntry))
    }

    @Test func tellsHowMuchMemoryFiltersTake() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a", "b", "c", attributes: [.init("price", .number("3"))])
        #expect(value("recommendation_memory_bytes{part=\"filters\"}", in: world) == 0)
        for price in [1, 5] {
            let condition = try Condition(parsing: "price < \(price)")
            for _ in 0..<2 { _ = try world.answer(.everybody) { $0.filter = condition } }
        }
        #expect(
            value("recommendation_memory_bytes{part=\"filters\"}", in: world)
                == Double(2 * 3 * RecommendationSize.filteredItem))
    }

    @Test func tellsHowMuchIsStillToBeLearnt() async throws {
        let world = try await RecommendationsWorld()
        #expect(value("recommendation_unlearnt_changes", in: world) == 0)
        try await world.items("a", "b")
        try await world.user("ann", "view", "a")
        #expect(value("recommendation_unlearnt_changes", in: world) == 3)
        try await world.train()
        #expect(value("recommendation_unlearnt_changes", in: world) == 0)
        try await world.user("ann", "view", "b")
        #expect(value("recommendation_unlearnt_changes", in: world) == 1)
    }

    @Test func fadesAfterTheHalfLife() async throws {
        var weights: [Double] = []
        for hours in ["1", "100"] {
            let world = try await RecommendationsWorld(settings: ["recommendations.trend_half_life": hours])
            try await world.items("a")
            let past = world.store.log.time.now().advanced(bySeconds: -2 * 3_600)
            try await world.user("ann", "view", "a", at: past)
            weights.append(value("recommendation_trend_weight", in: world) ?? 0)
        }
        #expect(abs(weights[0] - 0.25) < 0.01)
        #expect(weights[1] > 0.98)
    }

    /// How many models are learnt of what comes in two parts, the second of which is small.
    ///
    /// - parameter rest: how long after the first training it is asked whether a second one is due.
    private func trainings(_ settings: [String: String], after rest: Duration) async throws -> Double {
        let world = try await RecommendationsWorld(settings: settings)
        for user in 0..<20 { try await world.user("u\(user)", "view", "a", "b") }
        try await world.train()
        try await world.user("late", "view", "a")
        try await world.role.trainer.trainNext(at: .now + rest)
        return Double(world.store.metrics.counter("recommendation_trainings_total", "").with().value)
    }

    @Test func learnsAnewByGrowthAndByTime() async throws {
        #expect(try await trainings(["recommendations.training_growth": "1"], after: .seconds(60)) == 2)
        let rare = ["recommendations.training_growth": "100"]
        #expect(try await trainings(rare, after: .seconds(60)) == 1)
        let often = rare.merging(["recommendations.training_interval": "30"]) { $1 }
        #expect(try await trainings(often, after: .seconds(60)) == 2)
        #expect(try await trainings(often, after: .seconds(1)) == 1)
    }

    @Test func takesLongerForASmallerShare() async throws {
        var seconds: [Double] = []
        for share in ["100", "2"] {
            let world = try await RecommendationsWorld(settings: ["recommendations.training_share": share])
            try await world.write { [role = world.role] unit in
                var drafts: [InteractionDraft] = []
                for user in 0..<200 {
                    for item in 0..<10 {
                        drafts.append(
                            InteractionDraft("u\(user)", .product("p\((user * 7 + item * item) % 90)"), .named("view")))
                    }
                }
                try role.interactions.add(drafts, in: unit)
            }
            try await world.train()
            let histogram = world.store.metrics.histogram("recommendation_training_seconds", "").with()
            seconds.append(histogram.distribution.sum)
        }
        // A twenty-fifth of the processors at most, and so at least several times as long.
        #expect(seconds[1] > 3 * seconds[0])
    }

    @Test func areToldOfInTheGuide() async throws {
        let world = try await RecommendationsWorld()
        let role = RecommendationsRole(
            world.store.log, shop: EmptyShop(), metrics: world.store.metrics, logger: Logger(label: "test"))
        #expect(role.services.count == world.role.services.count + 1)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let guide = try String(contentsOf: root.appendingPathComponent("docs/recommendations.md"), encoding: .utf8)
        let exposition = String(decoding: PrometheusExposition.text(of: world.store.metrics), as: UTF8.self)
        let names = exposition.split(separator: "\n")
            .filter { $0.hasPrefix("# TYPE ") }.compactMap { $0.split(separator: " ").dropFirst(2).first }
            .filter { $0.hasPrefix("recommendation_") || $0.hasPrefix("shop_recommendation_") }
        #expect(names.count >= 7, "\(names)")
        for name in names { #expect(guide.contains("`\(name)`") || guide.contains("`\(name){"), "\(name)") }
    }
}

/// A shop without anything in it.
private struct EmptyShop: EntityImages {
    func images(
        of type: String, after last: EntityKey?, limit: Int, in transaction: any ReadTransaction
    ) -> [EntityImage] { [] }
}
