import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// Each tenant has room for as much as is set, and no more.
@Suite struct RecommendationQuotasTests {
    private static let limits = [
        "recommendations.entity_limit": "2", "recommendations.interaction_limit": "3",
        "recommendations.user_limit": "2",
    ]

    private func code(_ body: () throws(Failure) -> Void) -> String? {
        do { try body() } catch { return error.code }
        return nil
    }

    @Test(arguments: TestStore.Engine.allCases)
    func roomIsWhatTheLimitsLeave(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine, settings: Self.limits)
        try await world.items("a", "b")
        var room = world.role.quotas.room(of: .first, forRows: 10)
        #expect(code { () throws(Failure) in try room.take(.product("a")) } == nil)
        #expect(code { () throws(Failure) in try room.take(.product("c")) } == "too_many_entities")
        try await world.write { [role = world.role] in try role.items.delete(.product("a"), in: $0) }
        room = world.role.quotas.room(of: .first, forRows: 10)
        // The same one takes room once.
        for _ in 0..<2 { #expect(code { () throws(Failure) in try room.take(.product("c")) } == nil) }
        #expect(code { () throws(Failure) in try room.take(.product("d")) } == "too_many_entities")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func interactionsAndTheirUsersAreCounted(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine, settings: Self.limits)
        try await world.user("ann", "view", "a", "a")
        try await world.write { [role = world.role] unit in
            _ = try role.users.put("bob", attributes: JSONObject(), in: unit)
        }
        try await expectNearlyFull(world)
        // Reading all anew comes to the same.
        let again = try await RecommendationsWorld(settings: Self.limits, on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        try await expectNearlyFull(again)
        try await world.write { [role = world.role] in _ = try role.users.delete("ann", in: $0) }
        var room = world.role.quotas.room(of: .first, forRows: 3)
        let drafts = ["carl", "bob", "bob"].map { InteractionDraft($0, .product("x"), .named("view")) }
        for draft in drafts { #expect(code { () throws(Failure) in try room.take(draft) } == nil) }
    }

    /// There is room for one more interaction, of somebody who is known.
    private func expectNearlyFull(_ world: RecommendationsWorld) async throws {
        var room = world.role.quotas.room(of: .first, forRows: 10)
        let (ann, carl) = (
            InteractionDraft("ann", .product("b"), .named("view")),
            InteractionDraft("carl", .product("b"), .named("view"))
        )
        #expect(code { () throws(Failure) in try room.take(user: "bob") } == nil)
        // What is refused takes no room.
        for _ in 0..<5 { #expect(code { () throws(Failure) in try room.take(carl) } == "too_many_users") }
        #expect(code { () throws(Failure) in try room.take(ann) } == nil)
        #expect(code { () throws(Failure) in try room.take(ann) } == "too_many_interactions")
        var other = world.role.quotas.room(of: Tenant(2))
        #expect(code { () throws(Failure) in try other.take(carl) } == nil)
    }

    /// Invented items take memory until the next start, though whoever did something with them is forgotten.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsNotWrittenTakesRoomAsWell(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine, settings: Self.limits)
        try await world.user("ann", "view", "x", "y")
        try await world.write { [role = world.role] in _ = try role.users.delete("ann", in: $0) }
        func view(_ item: String) -> InteractionDraft { InteractionDraft("bob", .product(item), .named("view")) }
        var room = world.role.quotas.room(of: .first, forRows: 10)
        #expect(code { () throws(Failure) in try room.take(view("z")) } == "too_many_entities")
        #expect(code { () throws(Failure) in try room.take(view("x")) } == nil)
        #expect(code { () throws(Failure) in try room.take(.product("y")) } == nil)
        #expect(code { () throws(Failure) in try room.take(.product("z")) } == "too_many_entities")
        // One that is written is counted once.
        try await world.items("x")
        room = world.role.quotas.room(of: .first, forRows: 10)
        #expect(code { () throws(Failure) in try room.take(view("z")) } == "too_many_entities")
        let again = try await RecommendationsWorld(settings: Self.limits, on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        room = again.role.quotas.room(of: .first, forRows: 10)
        #expect(code { () throws(Failure) in try room.take(view("z")) } == nil)
        #expect(code { () throws(Failure) in try room.take(view("y")) } == "too_many_entities")
    }

    /// What is deleted keeps its place in memory: there is room for as much of it as of what is there.
    @Test(arguments: TestStore.Engine.allCases)
    func whatWasDeletedTakesRoomWhereItIsMuch(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine, settings: Self.limits)
        func room(_ items: String..., in world: RecommendationsWorld) -> [String?] {
            var room = world.role.quotas.room(of: .first, forRows: 10)
            return items.map { item in code { () throws(Failure) in try room.take(.product(item)) } }
        }
        func deleteAfterwards(_ item: String) async throws {
            try await world.items(item)
            try await world.write { [role = world.role] in try role.items.delete(.product(item), in: $0) }
        }
        for item in ["a", "b"] { try await deleteAfterwards(item) }
        #expect(room("x", "y", "z", in: world) == [nil, nil, "too_many_entities"])
        try await deleteAfterwards("c")
        #expect(room("x", "y", in: world) == [nil, "too_many_entities"])
        try await deleteAfterwards("d")
        #expect(room("x", in: world) == ["too_many_entities"])
        let refusal = #expect(throws: Failure.self) {
            var room = world.role.quotas.room(of: .first)
            try room.take(.product("x"))
        }
        #expect(refusal?.message.contains("were deleted") == true)
        #expect(world.role.index.find(.first)?.snapshot.catalog.count == 4)
        let again = try await RecommendationsWorld(settings: Self.limits, on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        #expect(room("x", "y", "z", in: again) == [nil, nil, "too_many_entities"])
    }

    @Test func nothingIsRefusedWithoutALimit() async throws {
        let none = Self.limits.mapValues { _ in "0" }
        let world = try await RecommendationsWorld(settings: none)
        try await world.items("a")
        try await world.user("ann", "view", "a")
        var room = world.role.quotas.room(of: .first, forRows: 1_000)
        var draft = InteractionDraft("x", .product("b"), .named("view"))
        draft.bringsItem = true
        for _ in 0..<1_000 { #expect(code { () throws(Failure) in try room.take(draft) } == nil) }
    }
}
