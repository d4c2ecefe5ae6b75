import ChangeLog
import Core
import Foundation
import TestKit
import Testing

@testable import Recommendations

/// Each reason of each answer holds of the data, whatever these are.
@Suite struct ReasonTests {
    @Test(arguments: 0..<4) func eachReasonIsTrue(_ run: Int) async throws {
        var random = SeededRandom.fresh()
        let world = try await RecommendationsWorld()
        let shop = try await ReasonedShop(world, &random)
        if run > 0 { try await world.train() }
        var told: Set<String> = []
        for _ in 0..<200 {
            let query = shop.query(&random)
            let answer = try world.role.recommend(query, of: .first)
            for entry in answer.entries {
                let isTrue = shop.isTrue(entry, of: query)
                #expect(isTrue, "\(entry.item.id): \(entry.reason), \(query), \(random)")
                told.insert(entry.text.split(separator: " ").prefix(2).joined(separator: " "))
            }
        }
        #expect(told.isSuperset(of: ["Little known", "Also available"]), "\(told), \(random)")
        let learnt: Set = ["Chosen together", "Chosen shortly", "Similar to", "Popular with"]
        #expect(run == 0 || told.isSuperset(of: learnt), "\(told), \(random)")
    }
}

/// Items and users by chance, and what is true of them.
private struct ReasonedShop {
    private struct Choice {
        let item: Int
        let weight: Double
        let time: Timestamp
    }

    private static let kinds = ["tea", "coffee", "milk", "bread", "jam"]
    private static let countries = ["DE", "IT"]
    /// Of whom nothing but the country is known.
    private static let quietUser = "u13"

    private var isListed: [Bool] = []
    private var kinds: [String] = []
    /// What each user chose, the latest last, and their country, if that is known.
    private var histories: [[Choice]] = []
    private var countries: [String?] = []
    /// How much was done with each item, and how much of late.
    private var total: [Double]
    private var recent: [Double]

    init(_ world: RecommendationsWorld, _ random: inout SeededRandom) async throws {
        let now = world.store.time.now()
        let itemCount = Int.random(in: 20...60, using: &random)
        total = Array(repeating: 0, count: itemCount)
        recent = total
        for _ in 0..<itemCount {
            isListed.append(isListed.count == itemCount - 1 || Int.random(in: 0..<10, using: &random) > 0)
            kinds.append(Self.kinds.randomElement(using: &random) ?? "")
        }
        let age = [20, 400].randomElement(using: &random) ?? 20
        for user in 0..<50 {
            countries.append(user % 3 == 0 ? nil : Self.countries[user % 2])
            // What is first in the order is chosen more often than what comes later, and the last three never.
            let items = (0..<itemCount - 3).filter { Int.random(in: 0...$0, using: &random) < 3 }
                .shuffled(using: &random)
            let last = user % 7 == 6 ? 0 : items.count
            let start = now.advanced(bySeconds: -Int64.random(in: 20_000...Int64(age) * 86_400, using: &random))
            histories.append(
                items.prefix(last).enumerated().map { place, item in
                    let weight = Double(Int.random(in: 1...3, using: &random))
                    return Choice(item: item, weight: weight, time: start.advanced(bySeconds: Int64(place) * 60))
                })
        }
        for choice in histories.joined() {
            let age = Double(now.microseconds - choice.time.microseconds) / 1_000_000
            total[choice.item] += choice.weight
            recent[choice.item] += choice.weight * exp2(-age / (7 * 86_400))
        }
        try await write(to: world)
    }

    private func write(to world: RecommendationsWorld) async throws {
        try await world.write { [role = world.role, isListed, kinds, histories, countries] unit in
            try role.items.put(
                kinds.indices.map { item in
                    let attributes = JSONObject([
                        .init("name", .string("Name\(item)")), .init("kind", .string(kinds[item])),
                    ])
                    return ItemDraft(.product("p\(item)"), attributes: attributes, isAvailable: isListed[item])
                }, in: unit)
            for (user, country) in countries.enumerated() {
                guard let country else { continue }
                let attributes = JSONObject([.init("country", .string(country))])
                _ = try role.users.put("u\(user)", attributes: attributes, in: unit)
            }
            try role.interactions.add(
                histories.enumerated().flatMap { user, choices in
                    choices.map {
                        InteractionDraft(
                            "u\(user)", .product("p\($0.item)"), .named("view"), weight: $0.weight, time: $0.time)
                    }
                }, in: unit)
        }
    }

    /// A question by chance.
    func query(_ random: inout SeededRandom) -> RecommendationQuery {
        func product() -> ItemKey { .product("p\(Int.random(in: kinds.indices, using: &random))") }
        let subjects: [RecommendationQuery.Subject] = [
            .user("u\(Int.random(in: 0..<50, using: &random))"), .user("new"), .everybody, .item(product()),
            .bundle([product(), product()]), .items([product(), product(), product()]), .user(Self.quietUser),
        ]
        var query = RecommendationQuery(subjects[Int.random(in: subjects.indices, using: &random)])
        query.algorithm = RecommendationQuery.Algorithm.allCases.randomElement(using: &random) ?? .hybrid
        query.count = Int.random(in: 1...70, using: &random)
        query.exploration = Bool.random(using: &random) ? 0 : 0.4
        query.diversity = Bool.random(using: &random) ? 0 : 0.5
        query.includesSeen = Int.random(in: 0..<4, using: &random) == 0
        if Bool.random(using: &random) { query.rotation = .init(rate: 0.8, period: 60) }
        return query
    }

    private func number(_ key: ItemKey) -> Int { Int(key.id.dropFirst()) ?? -1 }

    /// What an answer may name: what the user did, or the items that are asked of.
    private func context(of query: RecommendationQuery) -> [Int] {
        switch query.subject {
        case .user(let user): Int(user.dropFirst()).map { histories[$0].map(\.item) } ?? []
        case .item(let key): [number(key)]
        case .bundle(let keys), .items(let keys): keys.map(number)
        case .everybody: []
        }
    }

    /// Whether somebody chose both items, so many places away from each other at most.
    private func isChosen(_ item: Int, with other: Int, within places: Int) -> Bool {
        histories.contains { history in
            guard let first = history.firstIndex(where: { $0.item == item }),
                let second = history.firstIndex(where: { $0.item == other })
            else { return false }
            return abs(first - second) <= places
        }
    }

    private func average(_ sums: [Double]) -> Double {
        let listed = kinds.indices.filter { isListed[$0] }
        return listed.reduce(0) { $0 + sums[$1] } / Double(listed.count)
    }

    /// Whether what an answer says of an item is so.
    func isTrue(_ entry: Recommendations.Entry, of query: RecommendationQuery) -> Bool {
        let item = number(entry.item)
        let context = context(of: query)
        guard isListed[item] else { return false }
        if case .item(let key) = query.subject, key == entry.item { return false }
        if case .bundle(let keys) = query.subject, keys.contains(entry.item) { return false }
        if !query.includesSeen, context.contains(item) { return false }
        if let cause = entry.reason.cause {
            let isNamed = entry.text.hasSuffix(" Name\(number(cause))")
            guard isNamed, context.contains(number(cause)), cause != entry.item else { return false }
        }
        switch entry.reason {
        case .chosenTogether(let cause): return isChosen(item, with: number(cause), within: .max)
        case .chosenAround(let cause): return isChosen(item, with: number(cause), within: 10)
        case .alike(let cause): return kinds[item] == kinds[number(cause)]
        case .tastes: return !context.isEmpty
        case .trending:
            let trend = recent[item] * 1.001
            return trend >= 0.1 * total[item] && trend >= average(recent)
        case .popular: return total[item] * 1.001 >= average(total)
        case .chosen: return total[item] > 0
        case .popularAmong(let attribute, let value):
            guard attribute == "country", case .user(let user) = query.subject, let number = Int(user.dropFirst()),
                countries[number] == value
            else { return false }
            return countries.indices.contains { countries[$0] == value && histories[$0].contains { $0.item == item } }
        case .explored: return total[item] <= average(total) / 2 * 1.001
        case .available: return true
        }
    }
}
