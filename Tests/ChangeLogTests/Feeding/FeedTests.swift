import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// What a feed makes of the log and of tables.
@Suite(.timeLimit(.minutes(2))) struct FeedTests {
    /// The tables of things, which nobody writes here.
    private struct Tables: EntityImages {
        var things: [String: [EntityImage]] = [:]

        func images(
            of type: String, after last: EntityKey?, limit: Int, in _: any ReadTransaction
        ) throws -> [EntityImage] {
            let rest = (things[type] ?? []).drop { last != nil && $0.key != last }.dropFirst(last == nil ? 0 : 1)
            return Array(rest.prefix(limit))
        }
    }

    private let store: TestStore

    private init(_ engine: TestStore.Engine) async throws {
        store = try await TestStore(engine, schemas: [TitleSink.schema])
    }

    private func feed(_ tables: Tables = Tables(), of types: [String] = ["book", "film"]) -> Feed<TitleSink> {
        let (metrics, logger) = (store.metrics, Logger(label: "test"))
        return Feed(
            TitleSink(types: types), of: store.log, from: tables,
            under: Lease("titles", of: store.log, settings: .defaults, metrics: metrics, logger: logger), isOn: true,
            counters: FeedCounters(
                changes: metrics.counter("changes", "").with(), entities: metrics.counter("entities", "").with()),
            logger: logger)
    }

    private func counted(_ name: String) -> Int { store.metrics.counter(name, "").with().value }

    private func takeOver(_ feed: Feed<TitleSink>) async throws {
        repeat { _ = try await store.settledHead() } while try await feed.takeOver() > 0
    }

    private static func document(_ id: Identifier, _ title: String) -> [UInt8] {
        Array(#"{"id":"\#(id)","title":"\#(title)"}"#.utf8)
    }

    /// Things in the tables of a tenant.
    private static func images(_ titles: [String], of tenant: Tenant = .first) -> [EntityImage] {
        titles.enumerated().map { number, title in
            let id = Identifier(high: UInt64(tenant.number), low: UInt64(number))
            return EntityImage(EntityKey(tenant, id), document(id, title))
        }
    }

    private func write(
        of tenant: Tenant = .first, _ body: @escaping @Sendable (UnitOfWork) throws -> Void
    ) async throws {
        _ = try await store.log.write(ChangeContext(tenant: tenant, actor: "test"), body)
    }

    /// The log forgets all that was before.
    private func cutLog() async throws {
        let head = try await store.settledHead()
        _ = try await store.database.write { try $0.execute("UPDATE change_log_start SET position = \(head)") }
    }

    private func titles() async throws -> [String] {
        try await store.database.read { transaction in
            try transaction.rows("SELECT tenant, title FROM titles ORDER BY tenant, title") {
                "\($0.integer(0)) \($0.text(1))"
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    static func whatChangesMake(_ engine: TestStore.Engine) async throws {
        let test = try await FeedTests(engine)
        let ids = (0..<3).map { Identifier(high: 1, low: $0) }
        try await test.write { unit in
            for id in ids { try unit.recordInsert("book", id, after: Self.document(id, "old")) }
            let (before, after) = (Self.document(ids[1], "old"), Self.document(ids[1], "new"))
            try unit.recordUpdate("book", ids[1], before: before, after: after)
            try unit.recordDelete("book", ids[2], before: Self.document(ids[2], "old"))
            try unit.recordCustom("book", ids[0], data: Self.document(ids[0], "told"))
            try unit.recordInsert("song", unit.makeIdentifier(), after: Self.document(ids[0], "song"))
        }
        try await test.write(of: Tenant(2)) { unit in
            try unit.recordInsert("film", ids[0], after: Self.document(ids[0], "film"))
        }
        try await test.takeOver(test.feed())
        #expect(try await test.titles() == ["1 new", "1 old", "2 film"])
        #expect(test.counted("changes") == 7)
        #expect(test.counted("entities") == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    static func whatTablesMake(_ engine: TestStore.Engine) async throws {
        let test = try await FeedTests(engine)
        let gone = Identifier(high: 9, low: 9)
        try await test.write { try $0.recordInsert("book", gone, after: Self.document(gone, "gone")) }
        try await test.takeOver(test.feed())
        #expect(try await test.titles() == ["1 gone"])
        try await test.write { try $0.recordDelete("book", gone, before: Self.document(gone, "gone")) }
        try await test.cutLog()
        let tables = Tables(things: [
            "book": images(["a", "b"]) + images(["c"], of: Tenant(2)), "film": images(["d"], of: Tenant(3)),
        ])
        try await test.takeOver(test.feed(tables))
        #expect(try await test.titles() == ["1 a", "1 b", "2 c", "3 d"])
        #expect(test.counted("entities") == 4)
        #expect(try await test.feed().progress().reading == nil)
        let left = try await test.store.database.read { try $0.exists("SELECT 1 FROM feed_findings") }
        #expect(!left)
    }

    /// A version that knows other types began to read, and does not know what comes after what it does not know.
    @Test static func aReadingOfAnotherVersionBeginsAnew() async throws {
        let test = try await FeedTests(.sqlite)
        try await test.write { try $0.recordInsert("book", $0.makeIdentifier(), after: Array("{}".utf8)) }
        try await test.cutLog()
        let tables = Tables(things: ["book": images(["a", "b"]), "song": images(["never"])])
        let former = test.feed(tables, of: ["song", "book"])
        for _ in 0..<2 { try await former.takeOver() }
        #expect(try await former.progress().reading?.entity != nil)
        try await test.takeOver(test.feed(tables))
        #expect(try await test.titles() == ["1 a", "1 b"])
    }
}
