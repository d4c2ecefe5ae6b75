import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Recommendations

/// What users did, as the tables keep it.
@Suite struct InteractionsTests {
    private static let tea = ItemKey("product", "tea")

    private let types = InteractionTypes()
    private let interactions = Interactions(types: InteractionTypes(), outcomes: RecommendationOutcomes())

    @Test(arguments: TestStore.Engine.allCases)
    func oneThatSaysWhenItWasIsWrittenOnce(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [RecommendationsSchema.schema])
        let time = Timestamp(microseconds: 1_000_000)
        let dated = InteractionDraft("ada", Self.tea, .named("view"), time: time)
        let undated = InteractionDraft("ada", Self.tea, .named("view"))
        for _ in 0..<2 {
            _ = try await store.log.write(TestStore.context) { unit in
                _ = try interactions.add([dated, undated, dated], in: unit)
            }
        }
        let kept = try await store.database.read {
            try interactions.list(of: "ada", limit: 10, TestStore.context.tenant, in: $0)
        }
        #expect(kept.count == 3)
        #expect(kept.filter { $0.time == time }.count == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func oneIsWorthWhatItSaysOrWhatItsTypeIsWorth(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [RecommendationsSchema.schema])
        let weights = try await store.log.write(TestStore.context) { unit in
            _ = try types.put("view", weight: 0.5, description: nil, in: unit)
            let kinds: [InteractionKind] = [.named("view"), .named("purchase"), .named("stare"), .rating(4.5)]
            let drafts = kinds.map { InteractionDraft("ada", Self.tea, $0) }
            let own = InteractionDraft("ada", Self.tea, .named("view"), weight: 7)
            return try interactions.add(drafts + [own], in: unit).map(\.weight)
        }.value
        #expect(weights == [0.5, 5, 1, 4.5, 7])
    }
}
