import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// Who has done nothing yet is recommended what users with the same attributes chose.
@Suite struct UserSegmentTests {
    private static let engines = TestStore.Engine.allCases

    private func describe(
        _ world: RecommendationsWorld, _ users: [String], _ attributes: [JSONObject.Member]
    ) async throws {
        try await world.write { [role = world.role] unit in
            for user in users { _ = try role.users.put(user, attributes: JSONObject(attributes), in: unit) }
        }
    }

    /// Twenty users of Germany who like tea, and forty of Italy who like coffee.
    private func fill(_ world: RecommendationsWorld) async throws {
        try await world.items("tea", "mug", "coffee", "cup")
        for (country, count, items) in [("DE", 20, ["tea", "mug"]), ("IT", 40, ["coffee", "cup"])] {
            let users = (0..<count).map { "\(country)\($0)" }
            try await describe(world, users, [.init("country", .string(country)), .init("pro", .bool(true))])
            try await world.write { [role = world.role] unit in
                try role.interactions.add(
                    users.enumerated().flatMap { place, user in
                        items.prefix(place % 4 == 0 ? 1 : 2).map {
                            InteractionDraft(user, .product($0), .named("view"))
                        }
                    }, in: unit)
            }
        }
    }

    @Test(arguments: engines) func whoIsNewGetsWhatOthersLikeThemChose(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await fill(world)
        let german: [JSONObject.Member] = [.init("country", .string("DE")), .init("pro", .bool(true))]
        try await describe(world, ["new"], german)
        // Nothing is learnt yet.
        #expect(try world.recommended(.user("new")).first == "coffee")
        try await world.train()
        func expectTea(_ world: RecommendationsWorld) throws {
            let answer = try world.answer(.user("new"))
            #expect(answer.entries.map(\.item.id) == ["tea", "mug", "coffee", "cup"])
            #expect(answer.entries.prefix(2).allSatisfy { $0.reason == .popularAmong("country", "DE") })
            #expect(answer.entries.last?.reason != .popularAmong("country", "DE"))
            #expect(answer.isColdStart)
        }
        try expectTea(world)
        #expect(
            try world.answer(.user("new")).entries.first?.reason.description
                == "Popular with users whose country is DE")
        #expect(try world.recommended(.user("unknown")).first == "coffee")
        #expect(try world.recommended(.user("new")) { $0.algorithm = .popular }.first == "coffee")
        // What they do says more, at once.
        try await world.user("new", "view", "coffee")
        #expect(try world.answer(.user("new")).entries.first?.item.id == "cup")
    }

    @Test(arguments: engines) func itFollowsWhatIsWritten(_ engine: TestStore.Engine) async throws {
        let directory = try TemporaryDirectory()
        let world = try await RecommendationsWorld(engine, directory: directory.path)
        try await fill(world)
        try await describe(world, ["new"], [.init("country", .list(["DE"]))])
        try await world.train()
        #expect(try world.recommended(.user("new")).first == "tea")
        let state = try world.role.state(of: .user("new"), of: .first)
        try await describe(world, ["new"], [.init("country", .string("IT"))])
        #expect(try world.recommended(.user("new")).first == "coffee")
        #expect(try world.role.state(of: .user("new"), of: .first) != state)
        try await describe(world, ["new"], [.init("country", .string("DE"))])
        // A model that was kept knows the segments by what is written of users.
        let again = try await RecommendationsWorld(directory: directory.path, on: world.store)
        try await again.role.waitUntilKnown(world.store.log.seen, atMost: .seconds(60))
        #expect(try again.recommended(.user("new")).first == "tea")
        try await world.write { [role = world.role] in _ = try role.users.delete("new", in: $0) }
        #expect(try world.recommended(.user("new")).first == "coffee")
        // A session that becomes a user without attributes brings its own.
        try await describe(world, ["session"], [.init("country", .string("DE"))])
        try await world.write { [role = world.role] in _ = try role.users.merge("session", into: "new", in: $0) }
        #expect(try world.recommended(.user("new")).first == "tea")
    }

    @Test func attributesAreSegmentsWhereTheyHaveFewValues() {
        let attributes = JSONObject([
            .init("city", .string("Ulm")), .init("age", .number("36")), .init("pro", .bool(false)),
            .init("tags", .list(["a", "b"])), .init("about", .string(String(repeating: "x", count: 65))),
        ])
        let segments = UserSegment.segments(of: attributes)
        #expect(segments.map { "\($0.attribute)=\($0.value)" } == ["city=Ulm", "pro=false", "tags=a", "tags=b"])
        let many = JSONObject((0..<50).map { .init("a\($0)", .string("x")) })
        #expect(UserSegment.segments(of: many).count == UserSegment.limit)
        let numbers = SegmentNumbers()
        #expect(numbers.numbers(of: attributes) == [0, 1, 2, 3])
        #expect(numbers.numbers(of: JSONObject([.init("city", .string("Ulm"))])) == [0])
    }
}

extension JSONValue {
    fileprivate static func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
}
