import ChangeLog
import Core
import Logging
import Server
import Storage
import Telemetry
import TestKit
import Testing

/// A store on a database that others write to: what they did and what it did itself stand in one log.
@Suite(.timeLimit(.minutes(5))) struct CapturedStoreTests {
    @Test func aStoreSeesWhatOthersHaveWritten() async throws {
        let server = try await PostgresServer.shared()
        let url = try server.makeDatabase()
        let name = String(try #require(url.split(separator: "/").last))
        try server.execute("CREATE TABLE orders (id uuid PRIMARY KEY, state text)", in: name)
        _ = try await Capture(url: url).install([CaptureRequest(try TableReference("orders"), as: "order")])
        let id = "018f0000-0000-7000-8000-00000000000a"
        try server.execute("INSERT INTO orders VALUES ('\(id)', 'new')", in: name)
        let settings = try AllSettings.registry().values(from: [
            SettingsSource(name: "test", texts: ["storage.url": url, "storage.schema": "millrace"])
        ])
        let directory = try TemporaryDirectory()
        let store = try await Store.open(directory.file("data"), settings: settings)
        let tail = Task {
            try await LogTail(store.log, metrics: MetricsRegistry(), logger: Logger(label: "test")).run()
        }
        let own = try await store.log.write(ChangeContext(tenant: .first, actor: "test")) { unit in
            try unit.recordCustom("order", unit.makeIdentifier(), data: Array("{}".utf8))
        }.position
        try server.execute("DELETE FROM orders", in: name)
        // The deletion comes after what was written before it.
        try await store.log.waitUntilSettled(LogPosition(own.value + 1), atMost: .seconds(120))
        let changes = try await store.log.changes(after: .start, limit: 100, types: ["order"])
        #expect(changes.map(\.operation) == [.insert, .custom, .delete])
        #expect(changes.first?.entity == Identifier(id) && changes.last?.entity == Identifier(id))
        #expect(
            changes.first?.after.map { String(decoding: $0, as: UTF8.self) } == #"{"id": "\#(id)", "state": "new"}"#)
        tail.cancel()
        await store.close()
        try server.dropDatabase(url)
    }
}
