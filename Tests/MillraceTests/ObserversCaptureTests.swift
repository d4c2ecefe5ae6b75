import Core
import Foundation
import Server
import TestKit
import Testing

/// `millrace observers capture` on a database of somebody's own, and a server that reads its log.
@Suite(.timeLimit(.minutes(5))) struct ObserversCaptureTests {
    private let server: PostgresServer
    private let url: String
    private let name: String
    private let directory: TemporaryDirectory

    init() async throws {
        server = try await PostgresServer.shared()
        url = try server.makeDatabase()
        name = String(try #require(url.split(separator: "/").last))
        directory = try TemporaryDirectory()
        try server.execute("CREATE TABLE orders (id bigint PRIMARY KEY, state text)", in: name)
        try server.execute("CREATE TABLE items (sku text, quantity int)", in: name)
    }

    private func capture(_ arguments: String...) async throws -> ServerProcess.Result {
        try await ServerProcess.run(["observers", "capture", "--url", url] + arguments, in: directory.path)
    }

    @Test func whatOthersWriteIsServedAsTheLog() async throws {
        let installed = try await capture("--table", "orders", "--as", "order")
        #expect(installed.status == 0, "\(installed.errors)")
        #expect(
            installed.output == """
                captured: public.orders (as order; key id; tenant 1)
                Serve the log: storage.url as here, storage.schema millrace.

                """)
        #expect(try await capture("--table", "items", "--key", "sku", "--no-notify").status == 0)
        try server.execute("INSERT INTO orders VALUES (1, 'new'); UPDATE orders SET state = 'paid'", in: name)
        let process = try await ServerProcess(
            data: directory.file("data"),
            arguments: ["--set", "storage.url=\(url)", "--set", "storage.schema=millrace"])
        let client = try ServerClient(process.address, key: process.adminKey)
        try server.execute("INSERT INTO items VALUES ('tea', 2)", in: name)
        var items: [JSONValue] = []
        let end = ContinuousClock.now + .seconds(120)
        while items.count < 3, ContinuousClock.now < end {
            let page = try await client.json("GET", "/api/v1/changes?types=order,items")
            if case .array(let found)? = page["items"] { items = found }
        }
        let lines = items.compactMap { item -> String? in
            guard case .object(let change) = item, case .object(let after)? = change["after"] else { return nil }
            return ["entity_type", "operation", "actor"].map { "\(Self.text(change[$0]))" }.joined(separator: " ")
                + " " + Self.text(after["state"]) + Self.text(after["sku"])
        }
        #expect(lines == ["order insert postgres new", "order update postgres paid", "items insert postgres tea"])
        #expect(await process.stop() == 0, "\(process.log)")
    }

    /// A row of a table that Millrace knows nothing of changes, and an observer does what it is told to.
    @Test func anObserverActsOnWhatOthersWrite() async throws {
        #expect(try await capture("--table", "orders", "--as", "order").status == 0)
        let server = try await ObserverServer(
            arguments: ["--set", "storage.url=\(url)", "--set", "storage.schema=millrace"])
        try await server.observe(
            "paid",
            #""entity_types": ["order"], "condition": "field_changed_to('state', 'paid') && old.state == 'new'","#)
        for statement in [
            "INSERT INTO orders VALUES (1, 'new'), (2, 'void'), (3, 'new'), (4, 'new')",
            "UPDATE orders SET state = 'paid' WHERE id = 2", "DELETE FROM orders WHERE id = 2",
            "BEGIN; UPDATE orders SET state = 'paid' WHERE id = 3; ROLLBACK",
            "UPDATE orders SET state = 'paid' WHERE id = 1", "UPDATE orders SET state = 'paid' WHERE id = 4",
        ] { try self.server.execute(statement, in: name) }
        let requests = try await server.receiver.waitForRequests(2)
        let bodies = try requests.map { try JSONParser.parse($0.body) }
        #expect(bodies.map { $0["type"] } == [.string("order.update"), .string("order.update")])
        let data = bodies.map { $0["data"] }.sorted { "\($0?["new"]?["id"])" < "\($1?["new"]?["id"])" }
        #expect(data.map { $0?["new"]?["id"] } == [.integer(1), .integer(4)], "\(bodies)")
        #expect(data.map { $0?["new"]?["state"] } == [.string("paid"), .string("paid")])
        #expect(data.map { $0?["old"]?["state"] } == [.string("new"), .string("new")])

        // What is no longer captured is no longer acted on.
        #expect(try await capture("--remove").status == 0)
        try self.server.execute("UPDATE orders SET state = 'new'; UPDATE orders SET state = 'paid'", in: name)
        #expect(try await capture("--table", "orders", "--as", "order").status == 0)
        try self.server.execute("INSERT INTO orders VALUES (5, 'new')", in: name)
        try self.server.execute("UPDATE orders SET state = 'paid' WHERE id = 5", in: name)
        let last = try await server.receiver.waitForRequests(3)
        #expect(try JSONParser.parse(last[2].body)["data"]?["new"]?["id"] == .integer(5))
        #expect(await server.process.stop() == 0)
    }

    private static func text(_ value: JSONValue?) -> String {
        if case .string(let text)? = value { text } else { "" }
    }

    @Test func listingAndRemoving() async throws {
        #expect(try await capture("--list").output == "nothing is captured\n")
        #expect(try await capture("--table", "orders", "--schema", "own").status == 0)
        let listed = try await capture("--list", "--schema", "own", "--format", "json")
        #expect(
            listed.output == #"{"tables":[{"schema":"public","table":"orders","entity_type":"orders","tenant":1,"#
                + #""key":["id"],"notify":true,"enabled":true}]}"# + "\n")
        #expect(try await capture("--list").output == "nothing is captured\n")
        let removed = try await capture("--remove", "--schema", "own")
        #expect(removed.output == "no longer captured: public.orders (as orders; key id; tenant 1)\n")
        #expect(try await capture("--list", "--schema", "own").output == "nothing is captured\n")
    }

    @Test func whatIsWrongIsToldInOneLine() async throws {
        let bare = try await capture("--table", "items")
        #expect(bare.status == 1 && bare.errors.contains("--key"))
        #expect(bare.errors.split(separator: "\n").count == 1)
        for arguments in [
            [], ["--list", "--remove"], ["--table", "orders", "--table", "items", "--as", "x"],
            ["--list", "--table", "orders"], ["--table", "orders", "--tenant", "0"],
            ["--table", "orders", "--schema", "No Schema"],
        ] {
            let result = try await ServerProcess.run(["observers", "capture", "--url", url] + arguments)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
        let nowhere = try await ServerProcess.run(["observers", "capture", "--table", "orders"], in: directory.path)
        #expect(nowhere.status == 64 && nowhere.errors.contains("--url"))
    }
}
