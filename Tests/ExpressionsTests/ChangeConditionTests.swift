import Expressions
import Testing

/// Conditions on both sides of a change.
@Suite struct ChangeConditionTests {
    private static let before =
        #"{"status": "open", "total": "10.00", "address": {"city": "Bonn"}, "gone": 1, "list": [1]}"#
    private static let after =
        #"{"status": "shipped", "total": "10.00", "address": {"city": "Köln"}, "fresh": null, "list": [1]}"#

    private func answer(_ text: String, _ operation: String, before: String?, after: String?) throws -> String {
        try EventFixture.answer(text, EventFixture.event(after, before: before, operation: operation))
    }

    @Test(arguments: [
        ("field_changed('status')", "true"), ("field_changed('total')", "false"),
        ("field_changed('address.city')", "true"),
        ("field_changed('address')", "true"), ("field_changed('list')", "false"), ("field_changed('absent')", "false"),
        ("field_changed('gone') && field_changed('fresh')", "true"), ("field_changed_to('status', 'shipped')", "true"),
        ("field_changed_to('status', 'open')", "false"), ("field_changed_to('total', 10)", "false"),
        ("field_changed_to('gone', null)", "true"), ("field_changed_from('status', 'open')", "true"),
        ("field_changed_from('status', lower('OPEN'))", "true"), ("field_changed_from('fresh', null)", "true"),
        ("field_changed_to('status', 5)", "wrong_kind"), ("old.status == 'open' && new.status == 'shipped'", "true"),
        ("old.total == new.total", "true"), ("status == new.status", "true"), ("old.fresh is null", "true"),
        ("old.fresh == 1", "missing_field"), ("has_field('old.gone') && !has_field('gone')", "true"),
    ])
    func anUpdateHasBothSides(text: String, expected: String) throws {
        #expect(try answer(text, "update", before: Self.before, after: Self.after) == expected)
    }

    @Test(arguments: [
        ("field_changed('status')", "true"), ("field_changed('fresh')", "true"), ("field_changed('absent')", "false"),
        ("field_changed_to('status', 'shipped')", "true"), ("field_changed_from('status', 'open')", "false"),
        ("field_changed_from('status', null)", "true"), ("old is null", "true"), ("old.status is null", "true"),
        ("has_field('old.status')", "false"), ("old.status == 'open'", "missing_field"),
    ])
    func anInsertionHasNoOldSide(text: String, expected: String) throws {
        #expect(try answer(text, "insert", before: nil, after: Self.after) == expected)
    }

    @Test(arguments: [
        ("status == 'open'", "true"), ("data.status == old.status", "true"), ("new.status is null", "true"),
        ("field_changed('status')", "true"), ("field_changed_from('status', 'open')", "true"),
        ("field_changed_to('status', null)", "true"), ("field_changed_to('status', 'open')", "false"),
        ("new.status == 'open'", "missing_field"),
    ])
    func aDeletionHasNoNewSide(text: String, expected: String) throws {
        #expect(try answer(text, "delete", before: Self.before, after: nil) == expected)
    }

    @Test(arguments: [
        ("field_changed('status')", "missing_image"), ("field_changed_to('status', 'shipped')", "missing_image"),
        ("old.status is null", "missing_image"), ("status == 'shipped'", "true"),
        ("has_field('old.x')", "missing_image"),
    ])
    func anUpdateWithoutTheStateBeforeFailsVisibly(text: String, expected: String) throws {
        #expect(try answer(text, "update", before: nil, after: Self.after) == expected)
    }

    @Test func aDeletionWithoutItsStateFailsVisibly() throws {
        #expect(try answer("status == 'open'", "delete", before: nil, after: nil) == "missing_image")
        #expect(try answer("status == 'open'", "update", before: nil, after: nil) == "missing_image")
        #expect(try answer("field_changed('a')", "custom", before: nil, after: "{\"a\":1}") == "missing_image")
        #expect(try answer("a == 1", "custom", before: nil, after: "{\"a\":1}") == "true")
    }

    @Test func numbersAreTheSameHoweverTheyAreWritten() throws {
        #expect(try answer("field_changed('a')", "update", before: "{\"a\":1.0}", after: "{\"a\":1.00}") == "false")
        #expect(try answer("field_changed('a')", "update", before: "{\"a\":1e1}", after: "{\"a\":10}") == "false")
        #expect(
            try answer("field_changed('a')", "update", before: "{\"a\":\"\\u0041\"}", after: "{\"a\":\"A\"}") == "false"
        )
    }
}
