import Core
import HTTPTypes
import Logging
import ServiceLifecycle
import TestKit
import Testing

@testable import API

/// A server that is told to stop.
@Suite(.timeLimit(.minutes(5))) struct DrainTests {
    @Test func requestsInProgressAreFinishedAndStreamsEnd() async throws {
        let gate = Gate()
        let slow = Route.custom(.get, "/slow", scope: "notes:read") { _ in
            gate.arrive()
            await gate.wait()
            return .ok("done")
        }
        try await NotesServer.serve(routes: [slow]) { server, stop in
            let stream = try server.connect()
            try await stream.send(server.request("GET", "/api/v1/changes/stream"))
            _ = try await stream.head()
            _ = try await stream.chunk()
            let idle = try server.connect()
            try await idle.send(server.request("GET", "/health"))
            _ = try await idle.response()
            let busy = try server.connect()
            try await busy.send(server.request("GET", "/slow"))
            await gate.waitForArrival()
            stop()
            #expect(try await stream.chunk() == nil)
            #expect(try await idle.rest().isEmpty)
            gate.open()
            let answer = try await busy.response()
            #expect(answer.text == "\"done\"")
            #expect(answer.headers["connection"] == "close")
            #expect(try await busy.rest().isEmpty)
        }
    }

    @Test func whatDoesNotFinishInItsTimeIsCut() async throws {
        let gate = Gate()
        let slow = Route.custom(.get, "/slow", scope: "notes:read") { _ in
            gate.arrive()
            await gate.wait()
            return .ok("done")
        }
        try await NotesServer.serve(settings: ["api.drain_timeout": "100"], routes: [slow]) { server, stop in
            let busy = try server.connect()
            try await busy.send(server.request("GET", "/slow"))
            await gate.waitForArrival()
            stop()
            #expect(try await busy.rest().isEmpty)
            gate.open()
        }
    }

    @Test func anAddressInUseIsExplained() async throws {
        try await NotesServer.run { server in
            let values = try SettingsRegistry(APISettings.all).values(from: [
                SettingsSource(name: "test", texts: ["api.port": "\(server.port)"])
            ])
            let second = try APIServer(
                routes: [], log: server.store.log, credentials: server.credentials, settings: values,
                metrics: server.store.metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            do {
                try await second.run()
                Issue.record("It listens on a port that is in use.")
            } catch let failure as Failure {
                #expect(failure.code == "address_unusable")
            }
        }
    }
}

/// Holds whoever waits at it until it is opened.
private final class Gate: Sendable {
    private let arrivals = AsyncStream<Void>.makeStream()
    private let opening = AsyncStream<Void>.makeStream()

    func arrive() { arrivals.continuation.yield() }
    func open() { opening.continuation.finish() }
    func waitForArrival() async { for await _ in arrivals.stream { return } }
    func wait() async { for await _ in opening.stream {} }
}
