import Core
import Expressions
import Testing

@testable import Recommendations

/// What was found of an item is remembered where the next question has the same answer.
@Suite struct ItemFiltersTests {
    @Test(arguments: ["brand == 'Snow Peak'", "snow > 3", "any(tags, this == 'now')"])
    func aConditionIsRemembered(_ text: String) throws {
        let filters = ItemFilters()
        let condition = try Condition(parsing: text)
        #expect(filters.filter(.condition(condition)) === filters.filter(.condition(try Condition(parsing: text))))
        let other = try Condition(parsing: "\(text) || price < 1")
        #expect(filters.filter(.condition(condition)) !== filters.filter(.condition(other)))
    }

    /// What clients ask for does not grow without end: who was not asked for longest goes.
    @Test func noMoreBytesAreRememberedThanMayBe() throws {
        var catalog = Catalog()
        for number in 0..<100 { _ = catalog.makeSlot(for: .product("p\(number)")) }
        let one = 100 * RecommendationSize.filteredItem
        let filters = ItemFilters(byteLimit: 3 * one)
        func ask(_ price: Int) throws -> ItemFilter {
            let filter = filters.filter(.condition(try Condition(parsing: "price > \(price)")))
            #expect(!filter.holds(of: 99, in: catalog, now: Timestamp(microseconds: 0)) && filter.byteCount == one)
            return filter
        }
        let (first, second) = (try ask(0), try ask(1))
        for price in 2..<20 {
            #expect(try ask(0) === first)
            _ = try ask(price)
            #expect(filters.byteCount <= 4 * one)
        }
        #expect(try ask(1) !== second)
        // One that is larger than all may be is there as long as it is asked for.
        let small = ItemFilters(byteLimit: 1)
        let condition = try Condition(parsing: "price > 3")
        let only = small.filter(.condition(condition))
        #expect(!only.holds(of: 0, in: catalog, now: Timestamp(microseconds: 0)))
        #expect(small.filter(.condition(condition)) === only)
    }

    @Test(arguments: ["until > now()", "event.time > date('2026-01-01')", "price < 3 && any(ends, this > now())"])
    func whatAsksForTheTimeIsAskedAnew(_ text: String) throws {
        let filters = ItemFilters()
        let condition = try Condition(parsing: text)
        #expect(filters.filter(.condition(condition)) !== filters.filter(.condition(condition)))
    }
}
