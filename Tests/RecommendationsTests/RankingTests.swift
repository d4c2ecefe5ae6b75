import ChangeLog
import Core
import Expressions
import Learning
import TestKit
import Testing

@testable import Recommendations

/// Whatever a query asks for to change the order of an answer changes it, for users, for who is new and for everybody.
@Suite struct RankingTests {
    private static let subjects: [RecommendationQuery.Subject] = [
        .everybody, .user("new"), .user("u1"), .item(.product("p0")), .bundle([.product("p0"), .product("p9")]),
        .items([.product("p4")]),
    ]
    private static let algorithms: [RecommendationQuery.Algorithm] = [.hybrid, .popular, .trending]

    /// Thirty products of ten kinds, and users who chose five of them each.
    private func world(isTrained: Bool = true) async throws -> RecommendationsWorld {
        let world = try await RecommendationsWorld()
        try await world.write { [role = world.role] unit in
            try role.items.put(
                (0..<30).map { number in
                    ItemDraft(
                        .product("p\(number)"),
                        attributes: JSONObject([
                            .init("number", .number("\(number)")), .init("kind", .string("k\(number % 10)")),
                        ]))
                }, in: unit)
            try role.interactions.add(
                (0..<40).flatMap { user in
                    (0..<5).map { place in
                        InteractionDraft("u\(user)", .product("p\((user % 23 + place * place) % 28)"), .named("view"))
                    }
                }, in: unit)
        }
        if isTrained { try await world.train() }
        return world
    }

    @Test(arguments: [true, false]) func boostersMoveItemsUpAndDown(isTrained: Bool) async throws {
        let world = try await world(isTrained: isTrained)
        for subject in Self.subjects {
            for algorithm in Self.algorithms {
                func ids(_ boosters: [RecommendationQuery.Booster]) throws -> [String] {
                    try world.recommended(subject) {
                        ($0.algorithm, $0.count, $0.boosters) = (algorithm, 30, boosters)
                    }
                }
                let plain = try ids([])
                let middle = try Condition(parsing: "number == \(plain[4].dropFirst())")
                let first = try Condition(parsing: "number == \(plain[0].dropFirst())")
                #expect(try ids([.init(middle, factor: 100)]).first == plain[4], "\(subject), \(algorithm)")
                let without = try ids([.init(first, factor: 0)])
                #expect(without.last == plain[0], "\(subject), \(algorithm)")
                #expect(Set(without) == Set(plain) && without.count == plain.count)
            }
        }
    }

    @Test func anItemTakesItsTurnForAPeriod() async throws {
        let world = try await world()
        for subject in Self.subjects {
            for algorithm in Self.algorithms {
                func ids(_ rate: Double) throws -> [String] {
                    try world.recommended(subject) {
                        ($0.algorithm, $0.count, $0.rotation) = (algorithm, 20, .init(rate: rate, period: 3_600))
                    }
                }
                let first = try ids(0.9)
                #expect(try ids(0) != first, "\(subject), \(algorithm)")
                world.store.time.advance(bySeconds: 1_800)
                #expect(try ids(0.9) == first, "\(subject), \(algorithm)")
                world.store.time.advance(bySeconds: 1_800)
                #expect(try ids(0.9) != first, "\(subject), \(algorithm)")
            }
        }
    }

    @Test func diversityBreaksUpWhatIsAlike() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("t0", "t1", "t2", "t3", "t4", attributes: [.init("kind", .string("tea"))])
        for kind in 0..<5 {
            try await world.items("a\(kind)", "b\(kind)", attributes: [.init("kind", .string("k\(kind)"))])
        }
        for user in 0..<10 { try await world.user("u\(user)", "view", "t0", "t1", "t2", "t3", "t4") }
        for user in 0..<5 { try await world.user("v\(user)", "view", "a\(user)", "b\(user)", "a\((user + 1) % 5)") }
        try await world.train()
        for subject in [RecommendationQuery.Subject.everybody, .user("new"), .user("v0")] {
            for algorithm in Self.algorithms {
                func teas(_ diversity: Double) throws -> Int {
                    try world.recommended(subject) {
                        ($0.algorithm, $0.count, $0.diversity) = (algorithm, 4, diversity)
                    }.count { $0.hasPrefix("t") }
                }
                #expect(try teas(0.8) <= 1, "\(subject), \(algorithm)")
                if subject == .user("v0") { continue }
                #expect(try teas(0) == 4 && teas(0.8) == 1, "\(subject), \(algorithm)")
            }
        }
    }

    @Test func explorationGivesAShareToWhatIsLittleKnown() async throws {
        let world = try await RecommendationsWorld()
        let ids = (0..<20).map { "known\($0)" } + (0..<20).map { "little\($0)" }
        try await world.write { [role = world.role] unit in
            try role.items.put(ids.map { ItemDraft(.product($0)) }, in: unit)
            try role.interactions.add(
                (0..<30).flatMap { user in
                    (0..<8).map { InteractionDraft("u\(user)", .product("known\((user + $0) % 20)"), .named("view")) }
                }, in: unit)
        }
        try await world.train()
        for subject in [RecommendationQuery.Subject.everybody, .user("new"), .user("u1")] {
            let plain = try world.recommended(subject)
            let answer = try world.answer(subject) { $0.exploration = 0.5 }
            #expect(answer.entries.prefix(5).map(\.item.id) == Array(plain.prefix(5)), "\(subject)")
            #expect(answer.entries.suffix(5).allSatisfy { $0.item.id.hasPrefix("little") }, "\(subject)")
            #expect(answer.entries.suffix(5).allSatisfy { $0.reason == .explored }, "\(subject)")
            #expect(Set(answer.entries.map(\.item)).count == 10)
        }
        // Nothing that much was done with is called little known.
        let all = try world.answer(.everybody) { ($0.count, $0.exploration) = (40, 1) }
        #expect(all.entries.count { $0.reason == .explored } == 20)
        #expect(all.entries.allSatisfy { ($0.reason == .explored) == $0.item.id.hasPrefix("little") })
    }

    @Test func weightsChooseThePartsOfTheHybrid() async throws {
        let world = try await world()
        // Who chose what follows by a rule is shown what is of the same kind by its attributes alone.
        try await world.user("me", "view", "p4")
        let content: [RecommendationQuery.Algorithm: Double] = [.contentBased: 1, .collaborative: 0, .session: 0]
        let alike = try world.answer(.user("me")) { ($0.weights, $0.count) = (content, 2) }
        #expect(Set(alike.entries.map(\.item.id)) == ["p14", "p24"])
        #expect(alike.entries.allSatisfy { $0.reason == .alike(.product("p4")) })
        let together = try world.answer(.user("me")) { ($0.weights, $0.count) = ([.collaborative: 1], 5) }
        #expect(together.entries.allSatisfy { $0.reason != .alike(.product("p4")) })
        let beside = RecommendationQuery.Subject.item(.product("p4"))
        #expect(Set(try world.recommended(beside) { ($0.weights, $0.count) = (content, 2) }) == ["p14", "p24"])
        let popular = try world.recommended(.everybody) { ($0.algorithm, $0.excluded) = (.popular, [.product("p4")]) }
        #expect(try world.recommended(beside) { $0.weights = [.popular: 1] } == popular)
    }

    /// What is like something is sought among what is wanted, not wanted among what is most alike.
    @Test(arguments: [RecommendationQuery.Algorithm.contentBased, .hybrid])
    func findsWhatIsWantedBehindAThousandThatAreMoreAlike(_ algorithm: RecommendationQuery.Algorithm) async throws {
        let world = try await RecommendationsWorld()
        let words: [JSONObject.Member] = [.init("text", .string("green leaf tea"))]
        try await world.items("tea", attributes: words)
        try await world.items("pot", attributes: [.init("text", .string("iron leaf pot"))])
        try await world.write { [role = world.role] unit in
            try role.items.put(
                (0..<1_000).map { ItemDraft(ItemKey("article", "a\($0)"), attributes: JSONObject(words)) }, in: unit)
            try role.items.put(
                (0..<800).map { number in
                    let text = JSONValue.string("iron pot \(number % 7)")
                    return ItemDraft(ItemKey("other", "o\(number)"), attributes: JSONObject([.init("text", text)]))
                }, in: unit)
        }
        try await world.user("ann", "view", "tea")
        try await world.train()
        let filter = try Condition(parsing: "text == 'iron leaf pot'")
        for subject in [RecommendationQuery.Subject.item(.product("tea")), .user("ann")] {
            for change in [{ $0.type = "product" }, { $0.filter = filter }] as [(inout RecommendationQuery) -> Void] {
                let answer = try world.answer(subject) {
                    ($0.algorithm, $0.count) = (algorithm, 1)
                    change(&$0)
                }
                #expect(answer.entries.map(\.item.id) == ["pot"], "\(subject)")
                // The hybrid of a user looks at a hundred alike items beside all else that it finds.
                if algorithm == .contentBased {
                    #expect(answer.entries.first?.reason == .alike(.product("tea")), "\(subject)")
                }
            }
        }
    }

    @Test func aBoosterReachesWhatIsFarBehind() async throws {
        let world = try await RecommendationsWorld()
        try await world.write { [role = world.role] unit in
            try role.items.put(
                (0..<1_500).map { number in
                    let text = number >= 700 ? "iron" : number == 3 ? "green leaf" : "green leaf tea"
                    let members: [JSONObject.Member] = [.init("text", .string(text)), .init("n", .number("\(number)"))]
                    return ItemDraft(.product("p\(number)"), attributes: JSONObject(members))
                }, in: unit)
        }
        try await world.user("ann", "view", "p0")
        try await world.train()
        let booster = RecommendationQuery.Booster(try Condition(parsing: "text == 'green leaf'"), factor: 100)
        for subject in [RecommendationQuery.Subject.item(.product("p0")), .user("ann")] {
            let answer = try world.answer(subject) { ($0.algorithm, $0.boosters) = (.contentBased, [booster]) }
            #expect(answer.entries.first?.item.id == "p3", "\(subject)")
            #expect(answer.entries.first?.reason == .alike(.product("p0")), "\(subject)")
        }
    }

    /// A start is cold where nothing is known, and not where nothing is left.
    @Test func whoIsKnownIsNoColdStart() async throws {
        let world = try await world()
        try await world.items("lonely")
        let none = try Condition(parsing: "number > 1000")
        #expect(try !world.answer(.user("u1")) { $0.filter = none }.isColdStart)
        #expect(try !world.answer(.user("u1")) { $0.weights = [.popular: 1] }.isColdStart)
        #expect(try !world.answer(.user("u1")) { $0.type = "article" }.isColdStart)
        #expect(try world.answer(.user("new")).isColdStart)
        #expect(try !world.answer(.user("new")) { $0.algorithm = .popular }.isColdStart)
        #expect(try world.answer(.items([.product("nothing")])).isColdStart)
        #expect(try !world.answer(.items([.product("p1")])).isColdStart)
        #expect(try !world.answer(.item(.product("p1"))) { $0.filter = none }.isColdStart)
        #expect(try world.answer(.item(.product("lonely"))).isColdStart)
    }

    /// A condition is asked of each item, so that is left to who may take the time, wherever it stands.
    @Test func noConditionIsAskedOnAnEventLoop() async throws {
        let world = try await world()
        let condition = try Condition(parsing: "number > 3")
        var query = RecommendationQuery(.user("u1"))
        #expect(try world.role.recommend(query, of: .first, isAtOnce: true).entries.count == 10)
        query.filter = condition
        #expect(throws: TooMuchAtOnce.self) { try world.role.recommend(query, of: .first, isAtOnce: true) }
        (query.filter, query.boosters) = (nil, [.init(condition, factor: 2)])
        #expect(throws: TooMuchAtOnce.self) { try world.role.recommend(query, of: .first, isAtOnce: true) }
    }
}
