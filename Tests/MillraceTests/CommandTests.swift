import Core
import Foundation
import Server
import TestKit
import Testing

/// The verbs beside `serve`, against a running server and against a data directory.
@Suite struct CommandTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var data: String { directory.file("data") }

    private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> ServerProcess.Result {
        try await ServerProcess.run(arguments, environment: environment, in: directory.path)
    }

    private func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        return directory.file(name)
    }

    @Test func configListsEverySetting() async throws {
        let registry = try AllSettings.registry()
        let text = try await run("config", "list")
        #expect(text.status == 0)
        for setting in registry.settings {
            #expect(text.output.contains("\(setting.name) = \(setting.fallback)"))
            #expect(text.output.contains("moves: \(setting.moves)"))
        }
        let json = try await run(
            "config", "list", "--format", "json", "--set", "api.port=81",
            environment: ["MILLRACE_STORAGE_READERS": "3"])
        guard case .object(let object) = try JSONParser.parse(Array(json.output.utf8)),
            case .array(let settings)? = object["settings"]
        else { throw Failure.internal("config list printed no JSON object.") }
        #expect(settings.count == registry.settings.count)
        func source(_ name: String) -> [JSONValue?] {
            for case .object(let setting) in settings where setting["name"] == .string(name) {
                return [setting["value"], setting["source"]]
            }
            return []
        }
        #expect(source("api.port") == [.string("81"), .string("flag")])
        #expect(source("storage.readers") == [.string("3"), .string("environment")])
        #expect(source("storage.page_cache") == [.string("64"), .string("default")])
    }

    @Test func configChecksAFile() async throws {
        let good = try write("storage: {readers: 4}\n", to: "good.yaml")
        #expect(try await run("config", "check", "--config", good).output == "OK\n")
        let bad = try write("storage: {readers: 0}\nnothing: 1\n", to: "bad.yaml")
        let result = try await run("config", "check", "--config", bad)
        #expect(result.status == 1)
        #expect(result.errors.contains("nothing: ") && result.errors.contains("must be from 1 to 256"))
    }

    @Test func wrongUsageHasAStatusOfItsOwn() async throws {
        #expect(try await run("nonsense").status == 64)
        #expect(try await run("import", "trees", "x.csv").status == 64)
        let nowhere = try await run("status")
        #expect(nowhere.status == 64)
        #expect(nowhere.errors.contains("--server"))
        let missing = try await run("keys", "list", "--data", directory.file("nothing"))
        #expect(missing.status == 1)
        #expect(missing.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: directory.file("nothing")))
    }

    @Test func unreachableServersAreToldClearly() async throws {
        let result = try await run("status", "--server", "http://127.0.0.1:1")
        #expect(result.status == 1)
        #expect(result.errors.contains("http://127.0.0.1:1 cannot be reached"))
    }

    @Test func keysOfADataDirectory() async throws {
        _ = try await ServerProcess(data: data).stop()
        let made = try await run(
            "keys", "create", "--name", "reader", "--scope", "orders:read", "--expires", "90d", "--data", data)
        let lines = made.output.split(separator: "\n")
        let id = try #require(lines.first { $0.hasPrefix("id: ") }).dropFirst(4)
        let key = try #require(lines.first { $0.hasPrefix("key: ") }).dropFirst(5).prefix { $0 != " " }
        #expect(try await run("keys", "list", "--data", data).output.contains("orders:read  reader"))
        let other = try await run(
            "keys", "create", "--name", "b", "--scope", "*", "--tenant", "second", "--data", data)
        #expect(other.status == 0)
        #expect(try await !run("keys", "list", "--data", data).output.contains("  b\n"))
        #expect(try await run("keys", "list", "--tenant", "second", "--data", data).output.contains("  b\n"))
        #expect(try await run("keys", "list", "--tenant", "third", "--data", data).status == 1)

        let server = try await ServerProcess(data: data)
        let client = try ServerClient(server.address, key: String(key))
        _ = try await client.send("GET", "/api/v1/orders")
        await #expect { try await client.send("GET", "/api/v1/customers") } throws: {
            ($0 as? Failure)?.kind == .forbidden
        }
        _ = await server.stop()
        #expect(try await run("keys", "revoke", String(id), "--data", data).output == "revoked \(id)\n")
        #expect(try await run("keys", "list", "--data", data).output.contains("\(id)  revoked "))
    }

    @Test func keysAndFiguresOfAServer() async throws {
        let server = try await ServerProcess(data: data)
        let environment = ["MILLRACE_SERVER": server.address, "MILLRACE_KEY": try #require(server.adminKey)]
        let made = try await run("keys", "create", "--name", "r", "--scope", "*:read", environment: environment)
        #expect(made.status == 0)
        let listed = try await run("keys", "list", environment: environment)
        let id = try #require(listed.output.split(separator: "\n").first { $0.hasSuffix("  r") }).prefix(36)
        #expect(try await run("keys", "revoke", String(id), environment: environment).status == 0)
        #expect(try await run("keys", "list", environment: environment).output.contains("\(id)  revoked "))
        let status = try await run("status", environment: environment)
        #expect(status.status == 0)
        #expect(status.output.contains("health: ok\nready: ready\n"))
        #expect(status.output.contains("product_text: ") && status.output.contains("orders: 0"))
        #expect(try await run("metrics", environment: environment).output.contains("\nchange_log_position "))
        let json = try await run("metrics", "--format", "json", environment: environment)
        #expect((try? JSONParser.parse(Array(json.output.utf8))) != nil)
        #expect(await server.stop() == 0)
        let stopped = try await run("status", "--data", data)
        #expect(stopped.output.contains("orders: 0") && stopped.output.contains("product_text: position "))
    }

    @Test func migrateRefusesABatchOfNothingAndADirectoryWithoutAShop() async throws {
        let arguments = ["migrate", "--from", directory.path, "--to", "postgres://nobody@127.0.0.1:1/nothing"]
        #expect(try await ServerProcess.run(arguments + ["--batch", "0"]).status == 64)
        let missing = try await ServerProcess.run(arguments)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("has no millrace.sqlite"), "\(missing.errors)")
        _ = try await run("import", "products", write("sku,name,price\nA,Apple,1\n", to: "one.csv"), "--data", data)
        let unreachable = try await run("migrate", "--from", data, "--to", "postgres://nobody@127.0.0.1:1/nothing")
        #expect(unreachable.status == 1)
        #expect(unreachable.errors.contains("The database does not answer"), "\(unreachable.errors)")
    }

    @Test func importsGoToAServerAndToADirectoryAlike() async throws {
        let good = try write("sku,name,price\nA,Apple,1.25\nB,Bread,2\n", to: "good.csv")
        let bad = try write("sku,name,price\nC,Cherry,dear\nD,,1\nE,Egg,0.30\n", to: "bad.csv")
        _ = try await run("import", "products", good, "--data", data)
        let server = try await ServerProcess(data: data)
        let environment = [
            "MILLRACE_SERVER": server.address, "MILLRACE_KEY": try #require(server.adminKey),
        ]
        let again = try await run("import", "products", good, environment: environment)
        #expect(again.status == 0)
        #expect(again.output.contains("2 rows read, 0 written, 2 unchanged, 0 rejected"))
        let rejected = try await run("import", "products", bad, environment: environment)
        #expect(rejected.status == 1)
        #expect(rejected.output.contains("3 rows read, 1 written, 0 unchanged, 2 rejected"))
        let file = try String(contentsOfFile: directory.file("bad.rejected.csv"), encoding: .utf8)
        #expect(file.hasPrefix("line,reason,sku,name,price\r\n2,"))
        #expect(file.contains("\r\n3,\"name: This member is required"))
        let piped = try await ServerProcess.run(
            ["import", "inventory", "-"], environment: environment, in: directory.path,
            input: "sku,quantity\nA,7\n")
        #expect(piped.output.contains("1 rows read, 1 written"))
        let client = try ServerClient(server.address, key: environment["MILLRACE_KEY"])
        #expect(try await client.json("GET", "/api/v1/inventory/A")["on_hand"] == .number("7"))
        #expect(await server.stop() == 0)
        let locked = try await run("import", "products", good, "--server", server.address, "--key", "x")
        #expect(locked.status == 1)
    }

    @Test func basketsAloneGiveRecommendations() async throws {
        let server = try await ServerProcess(data: data)
        let environment = ["MILLRACE_SERVER": server.address, "MILLRACE_KEY": try #require(server.adminKey)]
        func send(_ more: String...) async throws -> ServerProcess.Result {
            try await ServerProcess.run(
                ["import", "interactions", "-", "--baskets", "--create-entities"] + more, environment: environment,
                in: directory.path, input: "tea,mug\nmug,tea,cup\n")
        }
        let undated = try await send()
        #expect(undated.status == 1 && undated.errors.contains("--start"), "\(undated.errors)")
        for _ in 0..<2 {
            let done = try await send("--start", "2026-01-02")
            #expect(done.output.contains("5 rows read, 5 written"), "\(done.errors)")
        }
        let client = try ServerClient(server.address, key: environment["MILLRACE_KEY"])
        let history = try await client.json("GET", "/api/v1/recommendations/user/basket-1")
        let found = (history["recommendations"] ?? .null).elements
        #expect(found.compactMap { $0["entity_id"]?.string } == ["cup"])
        let users = try await run("import", "interactions", "-", "--baskets", "--data", data)
        #expect(users.status == 1)
        #expect(await server.stop() == 0)
        for wrong in [["products", "--baskets"], ["graph", "--columns=a"], ["interactions", "--start=soon"]] {
            #expect(try await ServerProcess.run(["import"] + wrong + ["x.csv"]).status == 64, "\(wrong)")
        }
    }
}
