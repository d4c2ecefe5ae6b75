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

    @Test(arguments: ["until > now()", "event.time > date('2026-01-01')", "price < 3 && any(ends, this > now())"])
    func whatAsksForTheTimeIsAskedAnew(_ text: String) throws {
        let filters = ItemFilters()
        let condition = try Condition(parsing: text)
        #expect(filters.filter(.condition(condition)) !== filters.filter(.condition(condition)))
    }
}
