import Core
import Foundation
import Server
import TestKit

/// A server process with observers, a receiver that they may send to, and the command line that talks to them.
struct ObserverServer {
    let process: ServerProcess
    let receiver: WebhookReceiver
    let client: ServerClient
    let directory: TemporaryDirectory
    private let environment: [String: String]

    /// Starts a server on an empty data directory.
    ///
    /// - parameters:
    ///   - engine: where its data is.
    ///   - arguments: further arguments of `millrace serve`.
    ///   - variables: further variables of its environment, and of that of the command line.
    ///   - answer: what the receiver does with requests.
    init(
        _ engine: TestStore.Engine = .sqlite, arguments: [String] = [], variables: [String: String] = [:],
        answering answer: @escaping @Sendable (WebhookReceiver.Request) -> WebhookReceiver.Answer = { _ in .ok }
    ) async throws {
        directory = try TemporaryDirectory()
        receiver = try await WebhookReceiver(answer: answer)
        let storage =
            engine == .postgres ? ["--set", "storage.url=\(try await PostgresServer.shared().makeDatabase())"] : []
        process = try await ServerProcess(
            data: directory.file("data"),
            arguments: ["--set", "outbound.allowed_networks=127.0.0.0/8"] + storage + arguments,
            environment: variables)
        guard let key = process.adminKey else { throw Failure.internal("The server showed no key.") }
        client = try ServerClient(process.address, key: key)
        environment = variables.merging(["MILLRACE_SERVER": process.address, "MILLRACE_KEY": key]) { $1 }
    }

    /// Runs a verb of the command line against the server.
    func run(_ arguments: String..., input: String = "") async throws -> ServerProcess.Result {
        try await run(arguments, input: input)
    }

    /// Runs a verb of the command line against the server.
    func run(_ arguments: [String], input: String = "") async throws -> ServerProcess.Result {
        try await ServerProcess.run(arguments, environment: environment, in: directory.path, input: input)
    }

    /// Runs a verb that answers with one JSON object.
    func json(_ arguments: String...) async throws -> JSONValue {
        let result = try await ServerProcess.run(
            arguments + ["--format", "json"], environment: environment, in: directory.path)
        return try JSONParser.parse(Array(result.output.utf8))
    }

    /// Makes an observer whose webhook calls the receiver.
    ///
    /// - parameter members: further members, each with a comma behind it.
    func observe(_ name: String, _ members: String = "") async throws {
        let definition = """
            {"name": "\(name)", \(members) "retry": {"strategy": "fixed", "initial_delay_ms": 1, "max_attempts": 1},
             "actions": [{"type": "webhook", "url": "\(receiver.url())"}]}
            """
        _ = try await client.send("POST", "/api/v1/observers", JSONParser.parse(Array(definition.utf8)))
    }

    /// Has something happen, and returns the id of the event.
    func happen(_ type: String, _ data: String) async throws -> String {
        let body = #"{"entity_type": "\#(type)", "data": \#(data)}"#
        let made = try await client.json("POST", "/api/v1/events", JSONParser.parse(Array(body.utf8)))
        return made["id"]?.string ?? ""
    }

    /// Asks until something holds.
    ///
    /// - throws: ``Failure`` `not_in_time` after half a minute.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while try await !condition() {
            guard ContinuousClock.now < end else {
                throw Failure(.internal, code: "not_in_time", "It did not come about that \(what). \(process.log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for a number of dead letters.
    func untilDeadLetters(_ count: Int) async throws {
        try await until("there are \(count) dead letters") {
            try await client.json("GET", "/api/v1/dead-letters/stats")["total"] == .integer(count)
        }
    }
}
