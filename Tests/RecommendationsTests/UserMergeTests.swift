import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// What somebody did before they logged in is theirs afterwards.
@Suite struct UserMergeTests {
    private static let engines = TestStore.Engine.allCases

    @discardableResult
    private func merge(
        _ from: String, into user: String, in world: RecommendationsWorld, as tenant: Tenant = .first
    ) async throws -> UserMerge {
        try await world.write(as: tenant) { [role = world.role] in try role.users.merge(from, into: user, in: $0) }
    }

    private func done(by user: String, in world: RecommendationsWorld) async throws -> [String] {
        try await world.store.log.read { [role = world.role] in
            try role.interactions.list(of: user, limit: 100_000, .first, in: $0).map(\.item.id)
        }.value
    }

    @Test(arguments: engines) func whatWasDoneIsTheOthers(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c", "d")
        try await world.user("ann", "view", "a")
        try await world.user("session", "view", "b", "c")
        try await world.user("session", "view", "x", as: Tenant(2))
        let merge = try await merge("session", into: "ann", in: world)
        #expect(merge.interactionCount == 2 && merge.isComplete)
        #expect(try await done(by: "session", in: world).isEmpty)
        #expect(Set(try await done(by: "ann", in: world)) == ["a", "b", "c"])
        #expect(try world.recommended(.user("ann")) == ["d"])
        #expect(Set(try world.recommended(.user("session"))) == ["a", "b", "c", "d"])
        let index = try #require(world.role.index.find(.first))
        #expect(index.histories.count == 1 && index.histories.interactionCount == 3)
        #expect(world.role.index.find(Tenant(2))?.histories.find("session")?.count == 1)
    }

    @Test(arguments: engines) func itCanBeSentAgain(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.user("session", "view", "a")
        try await merge("session", into: "ann", in: world)
        let head = world.store.log.seen
        let again = try await merge("session", into: "ann", in: world)
        #expect(again.interactionCount == 0 && again.isComplete)
        // Nothing has changed, so nobody is told anything.
        #expect(world.store.log.seen == head)
        // What comes late under the old id is moved by another one.
        try await world.user("session", "view", "b")
        #expect(try await merge("session", into: "ann", in: world).interactionCount == 1)
        #expect(world.role.index.find(.first)?.histories.find("ann")?.interactionCount == 2)
    }

    /// One that says when it was is the same one whenever it is sent, after it was moved too.
    @Test(arguments: engines) func whatBothHaveIsOne(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        for _ in 0..<2 {
            try await world.user("session", "view", "a", "b", at: time)
            try await merge("session", into: "ann", in: world)
        }
        #expect(try await done(by: "ann", in: world).sorted() == ["a", "b"])
        #expect(world.role.index.find(.first)?.histories.find("ann")?.interactionCount == 2)
    }

    @Test(arguments: engines) func manyAreMovedInParts(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let count = RecommendationUsers.mergeLimit + 3
        try await world.write { [role = world.role] unit in
            try role.interactions.add(
                (0..<count).map { InteractionDraft("session", .product("p\($0)"), .named("view")) }, in: unit)
        }
        let index = try #require(world.role.index.find(.first))
        for (moved, left, isComplete) in [(count - 3, 3, false), (3, 0, true)] {
            let merge = try await merge("session", into: "ann", in: world)
            #expect(merge.interactionCount == moved && merge.isComplete == isComplete)
            #expect(index.histories.find("session")?.count ?? 0 == left)
            #expect(index.histories.find("ann")?.count == count - left)
        }
        let first = try #require(index.snapshot.catalog.slot(of: .product("p0")))
        #expect(index.histories.find("ann")?.hasSeen(first) == true)
    }

    @Test(arguments: engines) func whatIsSaidStaysWhereNothingElseIs(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        func describe(_ user: String, _ city: String) async throws {
            try await world.write { [role = world.role] unit in
                _ = try role.users.put(user, attributes: JSONObject([.init("city", .string(city))]), in: unit)
            }
        }
        func city(of user: String) async throws -> JSONValue? {
            try await world.store.log.read { [role = world.role] in
                try role.users.find(user, of: .first, in: $0)?.attributes["city"]
            }.value
        }
        try await describe("s1", "Ulm")
        try await merge("s1", into: "ann", in: world)
        #expect(try await city(of: "ann") == .string("Ulm"))
        #expect(try await city(of: "s1") == nil)
        try await describe("s2", "Bern")
        try await merge("s2", into: "ann", in: world)
        #expect(try await city(of: "ann") == .string("Ulm"))
        #expect(try await city(of: "s2") == nil)
        #expect(world.role.index.find(.first)?.histories.count == 1)
    }
}
