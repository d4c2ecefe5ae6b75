import ChangeLog
import Core
import Expressions
import TestKit
import Testing

@testable import Recommendations

/// What is recommended follows from what was done, at once.
@Suite struct RecommendTests {
    private static let engines = TestStore.Engine.allCases

    @Test(arguments: engines) func knowsWhatAUserDidAtOnce(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c", "d")
        try await world.user("ann", "purchase", "a", "b")
        try await world.user("bob", "view", "b")
        #expect(try world.recommended(.user("carl")) == ["b", "a", "d", "c"])
        #expect(try world.recommended(.user("bob")) == ["a", "d", "c"])
        #expect(try world.answer(.user("bob")).isColdStart)
        try await world.user("bob", "view", "a")
        #expect(try world.recommended(.user("bob")) == ["d", "c"])
        #expect(Set(try world.recommended(.user("bob")) { $0.includesSeen = true }) == ["a", "b", "c", "d"])
    }

    @Test(arguments: engines) func leavesOutWhatIsNotWanted(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("cheap", attributes: [.init("price", .number("5"))])
        try await world.items("dear", attributes: [.init("price", .number("50"))])
        try await world.items("free")
        try await world.items("gone", "kept", attributes: [.init("price", .number("1"))])
        try await world.items("out", attributes: [.init("price", .number("2"))], isAvailable: false)
        try await world.write { [role = world.role] unit in
            try role.items.delete(.product("gone"), in: unit)
            try role.items.put([ItemDraft(ItemKey("article", "text"))], in: unit)
        }
        let all: Set = ["cheap", "dear", "free", "kept", "text"]
        #expect(Set(try world.recommended(.everybody)) == all)
        #expect(Set(try world.recommended(.everybody) { $0.type = "article" }) == ["text"])
        #expect(
            Set(try world.recommended(.everybody) { $0.excluded = [.product("kept"), .product("text")] })
                == all.subtracting(["kept"]))
        let filter = try Condition(parsing: "price < 10")
        #expect(Set(try world.recommended(.everybody) { $0.filter = filter }) == ["cheap", "kept"])
        // What was said of an item is not said of what it becomes.
        try await world.items("cheap", attributes: [.init("price", .number("11"))])
        #expect(Set(try world.recommended(.everybody) { $0.filter = filter }) == ["kept"])
        #expect(try world.recommended(.everybody) { $0.count = 2 }.count == 2)
    }

    @Test func aHistoryWithoutTimesIsOfSomebodyWhoGoesOn() async throws {
        var random = SeededRandom.fresh()
        let world = try await RecommendationsWorld()
        let ids = (0..<60).map { "p\($0)" }
        for id in ids { try await world.items(id) }
        let now = world.store.time.now()
        // Who goes on follows a chain; who comes back begins with one of a few.
        for user in 0..<150 {
            let first = now.advanced(bySeconds: -3_600 * Int64.random(in: 1_000...2_000, using: &random))
            for (session, start) in [Int.random(in: 0..<50, using: &random), Int.random(in: 50..<54, using: &random)]
                .enumerated()
            {
                let time = first.advanced(bySeconds: Int64(session) * 30 * 86_400)
                for step in 0..<4 - session * 2 {
                    let second = time.advanced(bySeconds: Int64(step))
                    try await world.user("u\(user)", "view", ids[start + step * 2], at: second)
                }
            }
        }
        let history = ["p10", "p12", "p14"]
        for (place, id) in history.enumerated() {
            try await world.user("goes on", "view", id, at: now.advanced(bySeconds: Int64(place - 9)))
            try await world.user("comes back", "view", id, at: now.advanced(bySeconds: Int64(place) - 90 * 86_400))
        }
        try await world.train()
        let goingOn = try world.recommended(.user("goes on"))
        let comingBack = try world.recommended(.user("comes back"))
        #expect(goingOn != comingBack, "\(random)")
        #expect(try world.recommended(.items(history.map { .product($0) })) == goingOn, "\(random)")
    }

    @Test(arguments: engines) func keepsToCategories(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        func texts(_ texts: String...) -> JSONValue { .array(texts.map(JSONValue.string)) }
        try await world.items("phone", attributes: [.init("category", .string("electronics"))])
        try await world.items("radio", attributes: [.init("tags", texts("used", "electronics"))])
        try await world.items("novel", attributes: [.init("categories", texts("books", "gifts"))])
        try await world.items("none", "other", attributes: [.init("name", .string("electronics"))])
        func found(_ categories: String...) throws -> Set<String> {
            Set(try world.recommended(.everybody) { $0.categories = Set(categories) })
        }
        #expect(try found("electronics") == ["phone", "radio"])
        #expect(try found("electronics", "gifts") == ["phone", "radio", "novel"])
        #expect(try found("Electronics").isEmpty)
        #expect(try found() == ["phone", "radio", "novel", "none", "other"])
        // What an item was is not what it is, and both may be asked for at once.
        try await world.items("radio", attributes: [.init("tags", texts("used"))])
        #expect(try found("electronics") == ["phone"])
        let filter = try Condition(parsing: "category == 'electronics'")
        let both = try world.recommended(.everybody) { ($0.categories, $0.filter) = (["used", "electronics"], filter) }
        #expect(both == ["phone"])
    }

    @Test func embeddingsMakeItemsAlike() async throws {
        var random = SeededRandom.fresh()
        let world = try await RecommendationsWorld()
        let centers = (0..<6).map { _ in (0..<64).map { _ in Double.random(in: -1...1, using: &random) } }
        for (group, center) in centers.enumerated() {
            for number in 0..<8 {
                let numbers = center.map { JSONValue.number("\($0 + Double.random(in: -0.3...0.3, using: &random))") }
                try await world.items("\(group)-\(number)", attributes: [.init("embedding", .array(numbers))])
            }
        }
        try await world.user("ann", "view", "3-0")
        try await world.train()
        for group in 0..<6 {
            let alike = try world.recommended(.item(.product("\(group)-1"))) {
                $0.algorithm = .contentBased
                $0.count = 5
            }
            #expect(alike.allSatisfy { $0.hasPrefix("\(group)-") }, "\(alike), \(random)")
        }
    }

    @Test func leavesLongSearchesToWhoMayTakeTheTime() async throws {
        let world = try await RecommendationsWorld()
        try await world.write { [role = world.role] unit in
            let text = ItemDraft(ItemKey("article", "text"))
            let products = (0..<RecommendationsRole.scanLimitAtOnce).map { ItemDraft(.product("p\($0)")) }
            try role.items.put([text] + products, in: unit)
        }
        var query = RecommendationQuery(.everybody)
        #expect(try world.role.recommend(query, of: .first, isAtOnce: true).entries.count == query.count)
        query.type = "article"
        #expect(throws: TooMuchAtOnce.self) { try world.role.recommend(query, of: .first, isAtOnce: true) }
        #expect(try world.role.recommend(query, of: .first).entries.map(\.item.id) == ["text"])
    }

    @Test func fillsUpWhateverAFilterLeaves() async throws {
        let world = try await RecommendationsWorld()
        try await world.write { [role = world.role] unit in
            try role.items.put(
                (0..<PopularItems.limit * 2).map { number in
                    let rare = number == 3 || number == 77
                    return ItemDraft(
                        .product("p\(number)"),
                        attributes: JSONObject(rare ? [.init("rare", .bool(true))] : []))
                }, in: unit)
        }
        let filter = try Condition(parsing: "rare == true")
        #expect(Set(try world.recommended(.everybody) { $0.filter = filter }) == ["p3", "p77"])
        #expect(try world.recommended(.everybody) { $0.count = 100 }.count == 100)
    }

    @Test(arguments: engines) func isTheSameAfterARestart(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c", "d")
        try await world.user("ann", "purchase", "a", "b")
        try await world.user("bob", "view", "b", "unknown")
        let before = try world.recommended(.user("bob"))
        let again = try await RecommendationsWorld(on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        #expect(try again.recommended(.user("bob")) == before)
        #expect(before == ["a", "d", "c"])
    }

    @Test(arguments: engines) func forgetsAUser(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b")
        try await world.user("ann", "view", "a")
        try await world.write { [role = world.role] unit in
            _ = try role.users.put("ann", attributes: JSONObject([.init("city", .string("Ulm"))]), in: unit)
        }
        let first = try world.role.state(of: .user("ann"), of: .first)
        let count = try await world.write { [role = world.role] in try role.users.delete("ann", in: $0) }
        #expect(count == 1)
        #expect(Set(try world.recommended(.user("ann"))) == ["a", "b"])
        let left = try await world.store.log.read { [role = world.role] in
            try role.interactions.list(of: "ann", limit: 10, .first, in: $0)
        }.value
        #expect(left.isEmpty)
        try await world.user("ann", "view", "b")
        #expect(try world.recommended(.user("ann")) == ["a"])
        // An answer from before may not come back.
        #expect(try world.role.state(of: .user("ann"), of: .first) != first)
        await #expect(throws: Failure.self) {
            try await world.write { [role = world.role] in _ = try role.users.delete("nobody", in: $0) }
        }
    }

    @Test(arguments: engines) func takesBackWhatWasDone(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b")
        try await world.user("ann", "view", "a", "b")
        try await world.write { [role = world.role] unit in
            let done = try role.interactions.list(
                of: "ann", item: .product("a"), limit: 10, unit.tenant, in: unit.transaction)
            try role.interactions.remove(done, in: unit)
        }
        #expect(try world.recommended(.user("ann")) == ["a"])
    }

    @Test(arguments: engines) func whatWasTakenBackMakesNothingPopular(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c")
        try await world.user("ann", "purchase", "a", at: world.store.log.time.now())
        try await world.user("bob", "like", "b")
        #expect(try world.recommended(.everybody) == ["a", "b", "c"])
        for algorithm in [RecommendationQuery.Algorithm.popular, .trending] {
            #expect(try world.recommended(.user("eve")) { $0.algorithm = algorithm }.first == "a")
        }
        // Something else is done at once, which is not forgotten over it.
        try await world.write { [role = world.role] unit in
            let done = try role.interactions.list(of: "ann", limit: 10, unit.tenant, in: unit.transaction)
            try role.interactions.add([InteractionDraft("ann", .product("c"), .named("view"))], in: unit)
            try role.interactions.remove(done, in: unit)
        }
        for algorithm in [RecommendationQuery.Algorithm.popular, .trending] {
            try await wait {
                try world.recommended(.user("eve")) { $0.algorithm = algorithm }.prefix(2) == ["b", "c"]
            }
        }
        #expect(world.role.index.find(.first)?.popularity.sums.weights == [0, 2, 1])
    }

    @Test(arguments: engines) func isOneWhenItIsSentTwice(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        for _ in 0..<2 { try await world.user("ann", "view", "a", "b", "a", at: time) }
        let done = try await world.store.log.read { [role = world.role] in
            try role.interactions.list(of: "ann", limit: 10, .first, in: $0)
        }.value
        #expect(done.map(\.item.id).sorted() == ["a", "b"])
        #expect(done.allSatisfy { $0.time == time })
    }

    @Test(arguments: engines) func keepsTenantsApart(engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b")
        try await world.items("x", as: Tenant(2))
        try await world.user("ann", "purchase", "a")
        #expect(try world.recommended(.user("ann"), as: Tenant(2)) == ["x"])
        #expect(try world.recommended(.everybody, as: Tenant(3)).isEmpty)
        #expect(try world.recommended(.user("ann")) == ["b"])
    }
}
