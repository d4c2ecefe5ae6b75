import ChangeLog
import Core
import Storage
import TestKit
import Testing

/// Tables of every kind, and who may write to them.
@Suite(.timeLimit(.minutes(5))) struct CaptureTablesTests {
    private let fixture: CaptureFixture

    init() async throws {
        fixture = try await CaptureFixture()
    }

    @Test func aUUIDIsTheIdentifierAndOtherKeysMakeOne() async throws {
        try fixture.run(
            "CREATE TABLE carts (id uuid PRIMARY KEY); CREATE TABLE slots (a int, b text, PRIMARY KEY (b, a))")
        try fixture.run("CREATE TABLE texts (id text PRIMARY KEY)")
        let tables = try await fixture.captured("orders", "carts", "slots", "texts")
        #expect(tables.map(\.key) == [["id"], ["id"], ["b", "a"], ["id"]])
        let id = "018f0000-0000-7000-8000-00000000000a"
        try fixture.run(
            """
            INSERT INTO carts VALUES ('\(id)'); INSERT INTO texts VALUES ('\(id)'), ('1');
            INSERT INTO orders VALUES (1, 'new', 1);
            INSERT INTO slots VALUES (1, '1,2'), (2, '1,1'), (12, '1')
            """)
        let entities = try await fixture.changes().map(\.entity.description)
        try #require(entities.count > 3)
        #expect(entities[0] == id && entities[1] == id)
        #expect(Set(entities).count == 6)
        // Version 8 and the variant of RFC 9562; the same wherever it is computed, here by sha256sum of
        // `public.orders[1]`.
        #expect(entities[3] == "6f928f23-7cea-8f4c-980d-bcad5b9ff4b4")
    }

    @Test func oddNamesAndOtherSchemas() async throws {
        try fixture.run(
            """
            CREATE SCHEMA "My Shop";
            CREATE TABLE "My Shop"."Odd, ""quoted"" 100%? table" (
                "the, key" int PRIMARY KEY, "per%cent" text, "with ""quotes"" and 'more'" text, "a,b?" text)
            """)
        let name = #""My Shop"."Odd, ""quoted"" 100%? table""#
        let tables = try await fixture.captured(name)
        #expect(tables.map(\.entityType) == ["Odd___quoted__100___table"])
        try fixture.run("INSERT INTO \(name) VALUES (1, 'a', 'b', 'c')")
        try fixture.run("UPDATE \(name) SET \"a,b?\" = 'd', \"per%cent\" = 'e'")
        let changes = try await fixture.changes()
        try #require(changes.count > 1)
        #expect(Set(changes[1].changedFields) == ["a,b?", "per%cent"])
        #expect(try changes[1].after("with \"quotes\" and 'more'") == .string("b"))
        #expect(try await fixture.capture.tables() == tables)
        #expect(try await fixture.capture.remove([try TableReference(name)]) == tables)
    }

    @Test func everyTypeOfColumn() async throws {
        try fixture.run(
            """
            CREATE TABLE things (id int PRIMARY KEY, doc jsonb, plain json, raw bytea, exact numeric, at timestamptz,
                span interval, list int[], place point, ratio float8, twice int GENERATED ALWAYS AS (id * 2) STORED)
            """)
        try await fixture.captured("things")
        try fixture.run(
            """
            SET timezone = 'Asia/Tokyo'; SET bytea_output = 'escape'; SET intervalstyle = 'sql_standard';
            SET extra_float_digits = 0;
            INSERT INTO things VALUES (1, '{"a": [1, "x"]}', '{"b":  1}', '\\x00ff', 12345678901234567890.123456789,
                '2026-01-02 09:00:00.123456+09', '1 day 02:00', '{1,2}', '(1,2)', 0.1)
            """)
        try fixture.run("UPDATE things SET plain = '{\"b\":1}'")
        try fixture.run("UPDATE things SET raw = '\\x01', ratio = 'NaN'")
        let changes = try await fixture.changes()
        try #require(changes.count > 1)
        #expect(changes.count == 2)
        let image: [(String, JSONValue)] = [
            ("exact", .number("12345678901234567890.123456789")), ("raw", .string("\\x00ff")),
            ("at", .string("2026-01-02T00:00:00.123456+00:00")), ("span", .string("P1DT2H")), ("ratio", .number("0.1")),
            ("list", .array([.number("1"), .number("2")])), ("place", .string("(1,2)")), ("twice", .number("2")),
        ]
        for (name, value) in image { #expect(try changes[0].after(name) == value, "\(name)") }
        #expect(Set(changes[1].changedFields) == ["raw", "ratio"])
        #expect(try changes[1].after("ratio") == .string("NaN"))
    }

    @Test func partitionedTables() async throws {
        try fixture.run(
            """
            CREATE TABLE readings (at int, id int, v int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
            CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM (0) TO (10);
            CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM (10) TO (20)
            """)
        try await fixture.captured("readings")
        try await fixture.captured("readings")
        try fixture.run("INSERT INTO readings VALUES (1, 1, 1), (11, 1, 1); UPDATE readings SET v = 2 WHERE at = 1")
        try fixture.run("CREATE TABLE readings_3 PARTITION OF readings FOR VALUES FROM (20) TO (30)")
        try fixture.run("INSERT INTO readings_3 VALUES (21, 1, 1); UPDATE readings SET at = 12 WHERE at = 1")
        let changes = try await fixture.changes()
        try #require(changes.count > 5)
        #expect(changes.map(\.operation) == [.insert, .insert, .update, .insert, .delete, .insert])
        #expect(changes.allSatisfy { $0.entityType == "readings" })
        #expect(changes[0].entity == changes[4].entity && changes[5].entity != changes[4].entity)
        #expect(try await fixture.capture.tables().map(\.name) == ["readings"])
        #expect(try await fixture.capture.remove().count == 1)
        try fixture.run("INSERT INTO readings VALUES (2, 2, 2)")
        #expect(try fixture.logged() == 6)
    }

    @Test func whoHasNoRightsOnTheLogWritesTheirTables() async throws {
        try fixture.run("GRANT ALL ON orders TO \(fixture.writer)")
        try await fixture.captured("orders")
        _ = try fixture.runAsWriter("INSERT INTO orders VALUES (1, 'new', 1)")
        for sql in [
            "SELECT * FROM millrace.changes", "INSERT INTO millrace.followers VALUES ('x', 1, 1)",
            "SELECT millrace.capture_append(1, 'orders', gen_random_uuid(), 'insert', NULL, '{}', '')",
            "CREATE TEMP TABLE t (id int); CREATE TRIGGER forge AFTER INSERT ON t FOR EACH ROW "
                + "EXECUTE FUNCTION millrace.capture_change('order', '1', 'x', 'poll', 'id')",
        ] {
            #expect(throws: Failure.self, "\(sql)") { try fixture.runAsWriter(sql) }
        }
        #expect(try await fixture.changes().map(\.actor) == [fixture.writer])
    }

    /// The function looks nowhere where somebody else could put what it calls.
    @Test func namesThatAreMadeToDeceiveAreNotUsed() async throws {
        try fixture.run("GRANT ALL ON orders TO \(fixture.writer); CREATE SCHEMA trap AUTHORIZATION \(fixture.writer)")
        try await fixture.captured("orders")
        _ = try fixture.runAsWriter(
            """
            CREATE FUNCTION trap.lied(jsonb, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
            CREATE OPERATOR trap.= (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = trap.lied);
            CREATE FUNCTION trap.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"id": 666}'::jsonb $$;
            CREATE FUNCTION trap.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE; END';
            CREATE TEMP TABLE changes (LIKE orders);
            SET search_path = trap, pg_temp, pg_catalog, public;
            INSERT INTO public.orders VALUES (1, 'new', 1);
            UPDATE public.orders SET state = 'paid'
            """)
        let changes = try await fixture.changes()
        #expect(changes.map(\.operation) == [.insert, .update])
        #expect(try changes.last?.after("id") == .number("1"))
    }

    @Test func whoTakesARoleIsNamedByIt() async throws {
        try fixture.run("GRANT ALL ON orders TO \(fixture.writer)")
        try await fixture.captured("orders")
        try fixture.run("SET ROLE \(fixture.writer); INSERT INTO orders VALUES (1, 'new', 1)")
        #expect(try await fixture.changes().map(\.actor) == [fixture.writer])
    }
}
