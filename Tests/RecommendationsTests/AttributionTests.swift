import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Recommendations

/// What users do counts for the answer that they name: once, and only as long as it is so.
@Suite struct AttributionTests {
    /// An answer with the items a and b, as clients name it.
    private func answer(
        in world: RecommendationsWorld, variant: String = "", secondsAgo: Int64 = 0
    ) -> RecommendationID {
        let time = world.store.log.time.now().advanced(bySeconds: -secondsAgo)
        return RecommendationID(
            .popular, variant: variant, at: time, items: ["a", "b"].map { ItemKey.product($0).shortHash })
    }

    @discardableResult
    private func act(
        _ kind: String, _ item: String, _ user: String = "ann", after answer: RecommendationID,
        at time: Timestamp? = nil, in world: RecommendationsWorld
    ) async throws -> [Interaction] {
        try await world.write { [role = world.role] unit in
            var draft = InteractionDraft(user, .product(item), .named(kind), time: time)
            draft.recommendation = answer
            return try role.interactions.add([draft], in: unit)
        }
    }

    private func statistics(
        of world: RecommendationsWorld, from first: Timestamp? = nil, to last: Timestamp? = nil
    ) async throws -> RecommendationStatistics {
        let now = world.store.log.time.now()
        let found = try await world.store.database.read { [role = world.role] in
            try role.outcomes.statistics(
                from: first ?? now.advanced(bySeconds: -30 * 86_400), to: last ?? now, of: .first, in: $0)
        }
        return found.first ?? RecommendationStatistics(algorithm: "none", variant: "")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsDoneAgainCountsOnce(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        for kind in ["click", "click", "view", "purchase", "purchase"] {
            try await act(kind, "a", after: answer, in: world)
        }
        var found = try await statistics(of: world)
        #expect(found.interactions == ["click": 1, "view": 1, "purchase": 1])
        #expect(found.clicks == 1 && found.conversions == 1)
        // Another item, another user and another answer are something else.
        try await act("view", "b", after: answer, in: world)
        try await act("view", "a", "bob", after: answer, in: world)
        try await act("view", "a", after: self.answer(in: world, secondsAgo: 120), in: world)
        found = try await statistics(of: world)
        #expect(found.interactions == ["click": 1, "view": 4, "purchase": 1])
        #expect(found.clicks == 4 && found.conversions == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aBatchCountsAsOneAfterTheOther(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        try await world.write { [role = world.role] unit in
            let drafts = (0..<1_200).map { number -> InteractionDraft in
                var draft = InteractionDraft("u\(number % 600)", .product("a"), .named("view"))
                draft.recommendation = answer
                return draft
            }
            try role.interactions.add(drafts, in: unit)
        }
        #expect(try await statistics(of: world).interactions == ["view": 600])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsTakenBackDoesNotCount(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        var made: [Interaction] = []
        for kind in ["click", "view", "purchase"] { made += try await act(kind, "a", after: answer, in: world) }
        made += try await act("view", "a", after: answer, in: world)
        /// Takes one of them back.
        func takeBack(_ number: Int) async throws -> RecommendationStatistics {
            try await world.write { [role = world.role, one = made[number]] in
                _ = try role.interactions.remove([one], in: $0)
            }
            return try await statistics(of: world)
        }
        var found = try await takeBack(3)
        #expect(found.interactions == ["click": 1, "view": 1, "purchase": 1] && found.clicks == 1)
        found = try await takeBack(1)
        #expect(found.interactions == ["click": 1, "purchase": 1] && found.clicks == 1)
        found = try await takeBack(0)
        #expect(found.interactions == ["purchase": 1] && found.clicks == 0 && found.conversions == 1)
        found = try await takeBack(2)
        #expect(found.interactions.isEmpty && found.conversions == 0)
        try await act("purchase", "a", after: answer, in: world)
        #expect(try await statistics(of: world).conversions == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func onlyWhatMayHaveFollowedFromItCounts(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        try await act("view", "c", after: answer, in: world)
        let before = world.store.log.time.now().advanced(bySeconds: -2 * 3_600)
        try await act("view", "a", after: answer, at: before, in: world)
        // A name of a type is nothing that is counted of answers.
        try await act("=answers", "a", after: answer, in: world)
        let found = try await statistics(of: world)
        #expect(found.interactions.isEmpty && found.clicks == 0 && found.answers == 0)
        // What is said to have been at a time is the same one when it comes again.
        let after = world.store.log.time.now()
        for _ in 0..<2 { try await act("view", "a", after: answer, at: after, in: world) }
        #expect(try await statistics(of: world).interactions == ["view": 1])
    }

    /// Answers and what came of them stand together, so their rates make sense for any days.
    @Test(arguments: TestStore.Engine.allCases)
    func itCountsForTheDayOfTheAnswer(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let day: Int64 = 86_400
        try await act("view", "a", after: answer(in: world, secondsAgo: 3 * day), in: world)
        let now = world.store.log.time.now()
        let then = now.advanced(bySeconds: -3 * day)
        #expect(try await statistics(of: world, from: then, to: then).clicks == 1)
        #expect(try await statistics(of: world, from: now, to: now).clicks == 0)
    }

    /// What else a user did since the answer costs nothing.
    @Test(arguments: TestStore.Engine.allCases)
    func onlyWhatMayCountForTheSameIsRead(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        try await act("view", "b", after: answer, in: world)
        // Nobody who reads this row can tell what was done.
        _ = try await world.store.database.write { transaction in
            try transaction.execute("UPDATE interactions SET interaction_type = '{' WHERE entity_id = 'b'")
        }
        let made = try await act("view", "a", after: answer, in: world)
        #expect(try await statistics(of: world).interactions == ["view": 2])
        try await world.write { [role = world.role] in _ = try role.interactions.remove(made, in: $0) }
        #expect(try await statistics(of: world).interactions == ["view": 1])
    }

    /// However much a user has done, only what was done with the item is looked at.
    @Test func whatElseAUserDidIsNotReadThrough() async throws {
        let world = try await RecommendationsWorld(.sqlite)
        let answer = answer(in: world)
        let followed = ["ann", "bob"].map { user in
            FollowedAnswer(
                user: user, item: .product("a"), type: "view", answer: answer, text: "answer", start: answer.time)
        }
        for count in [1, 2] {
            let explain: SQL = "EXPLAIN QUERY PLAN \(Credit.query(of: followed.prefix(count), tenant: .first))"
            let plan = try await world.store.database.write { try $0.rows(explain) { $0.text(3) } }
            let expected = "interactions_with_items (tenant=? AND user_id=? AND entity_type=? AND entity_id=?"
            #expect(plan.contains { $0.contains(expected) }, "\(plan)")
        }
    }

    /// As interactions say it in whatever form, and each number of stars.
    @Test(arguments: TestStore.Engine.allCases)
    func aTypeIsTheSameInEachForm(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        let kinds: [InteractionKind] = [.named("view"), .custom("view"), .rating(3), .rating(4.5), .custom("rating")]
        for kind in kinds {
            try await world.write { [role = world.role] unit in
                var draft = InteractionDraft("ann", .product("a"), kind)
                draft.recommendation = answer
                try role.interactions.add([draft], in: unit)
            }
        }
        let found = try await statistics(of: world)
        #expect(found.interactions == ["view": 1, "rating": 1] && found.clicks == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anAnswerOfADayThatIsNotKeptCountsNothing(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let (day, kept) = (Int64(86_400), RecommendationOutcomes.keptDays)
        let now = world.store.log.time.now()
        for days in [kept, kept + 1] {
            let then = now.advanced(bySeconds: -days * day)
            let made = try await act("view", "a", after: answer(in: world, secondsAgo: days * day), in: world)
            #expect(try await statistics(of: world, from: then, to: then).clicks == (days == kept ? 1 : 0))
            try await world.write { [role = world.role] in _ = try role.interactions.remove(made, in: $0) }
            #expect(try await statistics(of: world, from: then, to: then).clicks == 0)
        }
    }

    /// Clients make types up, and each is rows that are kept.
    @Test(arguments: TestStore.Engine.allCases)
    func typesOfWhichNothingIsSaidAreOne(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let answer = answer(in: world)
        try await world.write { [role = world.role] in
            _ = try role.types.put("wish_list", weight: 2, description: nil, in: $0)
        }
        var made: [Interaction] = []
        for kind in ["wish_list", "t1", "t2", "t1", "click", "like"] {
            made += try await act(kind, "a", after: answer, in: world)
        }
        let others = ["wish_list": Int64(1), "click": 1, "like": 1]
        #expect(try await statistics(of: world).interactions == others.merging(["other": 2]) { $1 })
        try await world.write { [role = world.role, gone = made[1]] in
            _ = try role.interactions.remove([gone], in: $0)
        }
        #expect(try await statistics(of: world).interactions == others.merging(["other": 2]) { $1 })
        try await world.write { [role = world.role, gone = Array(made[2...3])] in
            _ = try role.interactions.remove(gone, in: $0)
        }
        #expect(try await statistics(of: world).interactions == others)
    }
}
