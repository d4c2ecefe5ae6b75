import Core
import Expressions
import Testing

/// What conditions say of events.
@Suite struct ConditionTests {
    @Test(arguments: [
        ("status == 'shipped'", "true"), ("status = \"shipped\"", "true"), ("status != 'shipped'", "false"),
        ("total_amount == 59.98", "true"), ("total_amount > 50", "true"), ("total_amount < 59.9800", "false"),
        ("total_amount <= 59.980", "true"), ("count == 3.00", "true"), ("count >= 4", "false"), ("rate == .5", "error"),
        ("rate == 0.5", "true"), ("100 == 100.00", "true"), ("0.1 + 0.2 == 0.3", "true"), ("paid", "true"),
        ("!paid", "false"), ("not paid or paid", "true"), ("paid == true && count == 3", "true"),
        ("paid AND NOT (count > 5 OR count < 2)", "true"), ("!status == 'open'", "true"), ("zero == -0", "true"),
        ("total_amount > '6'", "true"), ("status > 'open'", "true"), ("'b' < 'a'", "false"), ("'1' == '1.0'", "false"),
        ("count > 2 && count < 4 && count != 5", "true"), ("'10' < '9'", "false"), ("'10a' < '9a'", "true"),
    ])
    func comparesExactly(text: String, answer: String) throws {
        if answer == "error" {
            #expect(throws: Failure.self) { try Condition(parsing: text) }
        } else {
            #expect(try EventFixture.answer(text) == answer)
        }
    }

    @Test(arguments: [
        ("status in ('open', 'shipped')", "true"), ("status not in ('open', 'shipped')", "false"),
        ("count in (1, 2, 3.0)", "true"), ("count in (1, 2)", "false"), ("note in (1, null)", "true"),
        ("status like 'ship%'", "true"), ("status like '%pp%'", "true"), ("status like 's______'", "true"),
        ("status like 's_____'", "false"), ("status not like 'x%'", "true"), ("status like ''", "false"),
        (#"text like '100\% %'"#, "true"), (#"text like '100\\% %'"#, "true"),
        ("text like '100!% wool!_ok' escape '!'", "true"),
        ("text like '100!%!%%' escape '!'", "false"), ("name like '_pfel%'", "true"), ("status like 'SHIP%'", "false"),
        ("note is null", "true"), ("note is not null", "false"), ("absent is null", "true"), ("absent == null", "true"),
        ("absent != null", "false"), ("null != status", "true"), ("note == 'x'", "false"), ("note != 'x'", "true"),
        ("shipping_address.country == 'DE'", "true"), ("shipping_address['country'] = 'DE'", "true"),
        ("items[0].sku == 'chai'", "true"), ("items[1].quantity == 7", "true"), ("items[2].sku is null", "true"),
        ("shipping_address.lines[1] == 'Hof'", "true"), ("data['odd name'] == 1", "true"),
        ("status.x is null", "true"), ("note.x is null", "true"), ("data.status == new.status", "true"),
    ])
    func listsPatternsNullsAndPaths(text: String, answer: String) throws {
        #expect(try EventFixture.answer(text) == answer)
    }

    @Test(arguments: [
        ("count + 1 == 4", "true"), ("count - 5 == -2", "true"), ("total_amount * 2 == 119.96", "true"),
        ("1 + 2 * 3 == 7", "true"), ("(1 + 2) * 3 == 9", "true"), ("10 - 3 - 2 == 5", "true"),
        ("1 / 8 == 0.125", "true"),
        ("2 / 3 == 0.666666666667", "true"), ("-2 / 3 == -0.666666666667", "true"), ("-count == -3", "true"),
        ("10000000 / 3 == 3333333.33333333333", "true"), ("8 / 2 / 2 == 2", "true"),
        ("total_amount / 2 == 29.99", "true"),
        ("7d == 1w and 24h = 1d and 60m = 1h and 60s = 1m", "true"), ("now() - created_at > 4d", "true"),
        ("now() - created_at < 6d", "true"), ("created_at + 4d < now()", "true"),
        ("created_at < date('2027-01-11')", "true"),
        ("created_at == date('2027-01-10T09:00:00+01:00')", "true"), ("date(created_at) + 1h > created_at", "true"),
        ("created_at - '2027-01-09T08:00:00Z' == 1d", "true"), ("2d - 1d == 24h", "true"), ("-1d < 0s", "true"),
        ("event.time == now()", "true"), ("1d + now() > now()", "true"), ("event.time - 1h < now()", "true"),
    ])
    func computesWithNumbersAndTimes(text: String, answer: String) throws {
        #expect(try EventFixture.answer(text) == answer)
    }

    @Test(arguments: [
        ("lower(status) == 'shipped' && upper(status) == 'SHIPPED'", "true"), ("lower(name) like 'äpf%'", "true"),
        ("length(status) == 7", "true"), ("length(name) == 11", "true"), ("starts_with(status, 'sh')", "true"),
        ("ends_with(status, 'ed')", "true"), ("contains(status, 'ipp')", "true"), ("contains(status, 'ps')", "false"),
        ("contains(status, '')", "true"), ("starts_with(status, 'shippedx')", "false"), ("ends_with('', 'x')", "false"),
        ("coalesce(absent, note, 5) == 5", "true"), ("coalesce(count, 5) == 3", "true"),
        ("coalesce(absent, note) is null", "true"),
        ("has_field('status')", "true"), ("has_field('note')", "true"), ("has_field('absent')", "false"),
        ("has_field('shipping_address.country')", "true"), ("has_field('items[1].sku')", "true"),
        ("has_field('items[2]')", "false"), ("has_field('old.status')", "false"),
        ("any(items, quantity > 5)", "true"), ("any(items, quantity > 7)", "false"),
        ("all(items, quantity >= 2)", "true"),
        ("all(items, sku == 'chai')", "false"), ("any(empty, absent)", "false"), ("all(empty, absent)", "true"),
        ("count(items) == 2", "true"), ("count(empty) == 0", "true"), ("sum(items, quantity) == 9", "true"),
        ("sum(items, quantity * price) == 57.98", "true"), ("any(tags, this == 'gift')", "true"),
        ("any(items, sku == data.tags[0])", "false"), ("any(items, quantity == data.count - 1)", "true"),
        ("any(shipping_address.lines, starts_with(this, 'Weg'))", "true"), ("any(items, has_field('sku'))", "true"),
        ("any(items, any(data.tags, this == 'gift') && quantity > 5)", "true"), ("sum(empty) == 0", "true"),
        ("event.type == 'order.insert' and event.operation == 'insert' and event.position == 42", "true"),
        ("event.entity_type == 'order'", "true"), ("event.type == 'order'", "false"),
        ("event.id == 'e-1' and event.entity_id == id and event.actor == 'key_1'", "true"),
        ("event.request_id is null", "true"), ("name == 'Äpfel \"rot\"'", "true"),
        (#"name == "\u00c4pfel \"rot\"""#, "true"),
    ])
    func functionsAndTheEnvelope(text: String, answer: String) throws {
        #expect(try EventFixture.answer(text) == answer)
    }

    @Test(arguments: [
        ("absent == 1", "missing_field"), ("absent", "missing_field"), ("absent > 1 || true", "missing_field"),
        ("true || absent", "true"), ("false && absent == 1", "false"), ("status == shipped", "missing_field"),
        ("status > 5", "wrong_kind"), ("status == 5", "wrong_kind"), ("paid == 1", "wrong_kind"),
        ("paid > false", "wrong_kind"),
        ("note > 5", "wrong_kind"), ("status", "wrong_kind"), ("note", "wrong_kind"),
        ("items == 1", "wrong_kind"), ("shipping_address == 'DE'", "wrong_kind"), ("lower(count) == '3'", "wrong_kind"),
        ("status + 1 == 2", "wrong_kind"), ("note + 1 == 1", "wrong_kind"), ("-status == 1", "wrong_kind"),
        ("count / zero == 1", "division_by_zero"), ("huge > 5", "number_too_large"), ("huge is null", "false"),
        ("999999999999999999 * 999999999999999999 > 0", "number_too_large"), ("now() > 5", "wrong_kind"),
        ("now() > status", "wrong_kind"), ("date(status) < now()", "wrong_kind"),
        ("status like 'a%' || count", "wrong_kind"),
        ("date('9999-12-31') + 2d > now()", "time_out_of_range"), ("any(status, true)", "wrong_kind"),
        ("any(absent, true)", "missing_field"), ("any(items, absent == 1)", "missing_field"),
        ("sum(items, sku) > 1", "wrong_kind"),
        ("status in (5, 'shipped')", "wrong_kind"), ("status in ('shipped', 5)", "true"),
        ("note like 'x'", "wrong_kind"),
    ])
    func whatHasNoAnswerFails(text: String, answer: String) throws {
        #expect(try EventFixture.answer(text) == answer)
    }

    @Test func failuresNameTheirPart() throws {
        var set = ConditionSet([try Condition(parsing: "paid &&\n  contry == 'DE'")])
        set.load(EventFixture.event(), now: EventFixture.time)
        guard case .failed(let failure) = set.outcome(of: 0) else {
            Issue.record("a missing field must fail")
            return
        }
        #expect(failure.expression == "contry")
        #expect(failure.line == 2 && failure.column == 3)
        #expect(failure.message.contains("there is no field `contry`") && failure.message.contains("has_field"))
        #expect(failure.failure.code == "condition_failed" && failure.failure.kind == .invalid)
    }

    @Test(arguments: [
        "{", "", "{\"a\":1", "{\"a\":1,}", "{\"a\":01}", "{\"a\":1}}", "{\"a\" 1}", "{a:1}", "{\"a\":1,\"a\":2}",
        "{\"a\":tru}",
        "{\"b\":[1}, \"a\":1}", "{\"b\":\"\u{1}\",\"a\":1}", "{\"a\":\"\\x\"}", "{\"a\":-}", "{\"a\":1 2}", "[1,2",
        "{\"b\":{]}",
        "{\"a\":1.}", "{\"a\":}", "{\"\\u0061\":1,\"a\":1}", "nul", "{\"a\":\"\\",
    ])
    func malformedImagesFail(image: String) throws {
        let event = EventFixture.event(image)
        #expect(try EventFixture.answer("a == 1", event) == "malformed_image")
        #expect(try EventFixture.answer("event.entity_type == 'order'", event) == "true")
    }

    @Test func namesWithEscapesAreTheSameNames() throws {
        #expect(try EventFixture.answer("a == 1", EventFixture.event(#"{"\u0061": 1}"#)) == "true")
        #expect(
            try EventFixture.answer(
                "long_member_name.b == 1", EventFixture.event(#"{"long_member_names":2,"long_member_name":{"b":1}}"#))
                == "true")
    }

    @Test func oneSetKeepsConditionsApart() throws {
        let texts = ["status == 'shipped'", "count > 5", "absent", "any(items, quantity > 5)", "total_amount > 50"]
        var set = ConditionSet(try texts.map { try Condition(parsing: $0) })
        for _ in 0..<3 {
            var answers: [String] = []
            set.evaluate(EventFixture.event(), now: EventFixture.time) { index, outcome in
                #expect(index == answers.count)
                answers.append(EventFixture.describe(outcome))
            }
            #expect(answers == ["true", "false", "missing_field", "true", "true"])
            set.load(EventFixture.event("{\"count\":6}"), now: EventFixture.time)
            #expect(set.outcome(of: 1) == .matches)
        }
    }
}
