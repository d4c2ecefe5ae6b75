import Core
import Foundation
import Server
import TestKit
import Testing

/// The file of observers: checked without a server, and read by one.
@Suite(.timeLimit(.minutes(5))) struct ObserverFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        return directory.file(name)
    }

    private func validate(_ file: String, _ arguments: String...) async throws -> ServerProcess.Result {
        try await ServerProcess.run(["validate-config", file] + arguments, in: directory.path)
    }

    private static let good = """
        statements:
          note: UPDATE customers SET notes = :text WHERE id = :id
        observers:
          - name: large
            entity_types: [order]
            condition: total_amount > 100
            lookups: {customer: {entity_type: customer, id: customer_id}}
            actions:
              - {type: log, message: a large order}
              - {type: database, statement: note, params: {text: large, id: "1"}}
        """
    private static let bad = """
        observers:
          - name: large
            condition: total_amount >
            lookups: {planet: {entity_type: planet, id: planet_id}}
            actions:
              - {type: log, message: a large order}
          - name: small
            colour: red
            actions:
              - {type: database, statement: note}
        """

    @Test func aGoodFileIsToldByItsKeys() async throws {
        let observers = try await validate(write(Self.good, to: "observers.yaml"))
        #expect(observers.status == 0 && observers.output == "OK: 1 observers, 1 statements\n", "\(observers.errors)")
        let settings = try await validate(
            write("storage: {readers: 4}\nobservers: {batch: 10}\n", to: "millrace.yaml"), "--format", "json")
        #expect(settings.status == 0)
        let report = try JSONParser.parse(Array(settings.output.utf8))
        #expect(report["kind"] == .string("settings") && report["valid"] == .bool(true), "\(settings.output)")
        #expect(try await validate(write("# nothing yet\n", to: "empty.yaml")).output == "OK: settings\n")
    }

    @Test func eachErrorIsToldWithItsPlace() async throws {
        let file = try write(Self.bad, to: "observers.yaml")
        let told = try await validate(file)
        #expect(told.status == 1 && told.output.isEmpty)
        #expect(told.errors.contains("The file of observers \(file) is not acceptable."), "\(told.errors)")
        #expect(told.errors.contains("\n  /observers/0/condition: line 3: "), "\(told.errors)")
        #expect(told.errors.contains("\n  /observers/1/colour: line 8: "), "\(told.errors)")
        let unknown = Self.bad.replacing("total_amount >", with: "total_amount > 1").replacing(
            "    colour: red\n", with: "")
        let json = try await validate(write(unknown, to: "unknown.yaml"), "--format", "json")
        #expect(json.status == 1)
        let report = try JSONParser.parse(Array(json.output.utf8))
        #expect(
            report["errors"]?.elements.compactMap { $0["pointer"]?.string } == [
                "/observers/0/lookups/planet", "/observers/1/actions/0/statement",
            ], "\(json.output)")
        let misspelt = Self.good.replacing("total_amount", with: "total").replacing(
            "text: large", with: "text: '{{ customer.nam }}'")
        let fields = try await validate(write(misspelt, to: "misspelt.yaml"))
        #expect(
            fields.errors.contains("order: There is no field total; did you mean total_amount?"), "\(fields.errors)")
        #expect(fields.errors.contains("customer: There is no field nam; did you mean name?"), "\(fields.errors)")
        let other = try await validate(directory.file("misspelt.yaml"), "--set", "storage.schema=millrace")
        #expect(other.status == 0, "\(other.errors)")
        let settings = try await validate(write("observers: {batch: 0}\nstorage: {readesr: 1}\n", to: "wrong.yaml"))
        #expect(settings.status == 1 && settings.errors.contains("\n  observers.batch: line 1: "), "\(settings.errors)")
        #expect(settings.errors.contains("\n  storage.readesr: line 2: "), "\(settings.errors)")
        #expect(settings.errors.contains("Did you mean storage.readers?"), "\(settings.errors)")
        let broken = try await validate(write("observers: [\n", to: "broken.yaml"))
        #expect(broken.status == 1 && broken.errors.contains("not YAML"), "\(broken.errors)")
        #expect(try await validate("nothing.yaml").status == 1)
    }

    @Test func aServerStartsWithAFileAndRefusesAWrongOne() async throws {
        let good = try write(Self.good, to: "good.yaml")
        let server = try await ObserverServer(arguments: ["--sample", "--set", "observers.file=\(good)"])
        let found = try await server.json("observers", "show", "large")
        #expect(found["managed_by"] == .string("file") && found["status"] == .string("active"), "\(found)")
        let refused = try await server.run("observers", "delete", "large")
        #expect(refused.status == 1 && refused.errors.contains("file of observers"), "\(refused.errors)")
        #expect(await server.process.stop() == 0)

        let environment = ["MILLRACE_OBSERVERS_FILE": good]
        let second = try await ServerProcess(data: directory.file("second"), environment: environment)
        let client = try ServerClient(second.address, key: second.adminKey)
        #expect(try await client.json("GET", "/api/v1/observers/large")["managed_by"] == .string("file"))
        #expect(await second.stop() == 0)

        let bad = try write(Self.bad, to: "bad.yaml")
        let arguments = ["serve", "--data", directory.file("third"), "--port", "0", "--set", "observers.file="]
        for (file, text) in [(bad, "/observers/0/condition: "), (directory.file("nothing"), "cannot be read")] {
            let result = try await ServerProcess.run(Array(arguments.dropLast()) + ["observers.file=\(file)"])
            #expect(result.status == 1)
            #expect(result.errors.contains(file) && result.errors.contains(text), "\(result.errors)")
            #expect(!result.output.contains("listening"))
        }
    }

    /// A secret of the operator's reaches the receiver and no list, and no verb takes its variable for a setting.
    @Test func aVariableOfTheEnvironmentIsASecretAndNoSetting() async throws {
        let receiver = try await WebhookReceiver()
        let file = try write(
            """
            observers:
              - name: guarded
                entity_types: [basket]
                actions:
                  - type: webhook
                    url: \(receiver.url())
                    headers: {Authorization: "env:MILLRACE_SECRET_TOKEN"}
            """, to: "observers.yaml")
        let server = try await ObserverServer(
            arguments: ["--set", "observers.file=\(file)"],
            variables: ["MILLRACE_SECRET_TOKEN": "Bearer from-the-environment"])
        _ = try await server.happen("basket", "{}")
        let request = try await receiver.waitForRequests(1)[0]
        #expect(request["Authorization"] == "Bearer from-the-environment")

        let checked = try await server.run("validate-config", file)
        #expect(checked.output == "OK: 1 observers, 0 statements\n", "\(checked.errors)")
        let shown = try await server.run("observers", "show", "guarded")
        #expect(shown.output.contains("env:MILLRACE_SECRET_TOKEN"), "\(shown.output)")
        #expect(await server.process.stop() == 0)
        let data = server.directory.file("data")
        for verb in [["config", "list"], ["config", "check"], ["status", "--data", data]] {
            let result = try await server.run(verb)
            #expect(result.status == 0, "\(verb): \(result.errors)")
            #expect(!result.output.contains("from-the-environment"))
        }
        #expect(!server.process.log.contains("from-the-environment"))
    }
}
