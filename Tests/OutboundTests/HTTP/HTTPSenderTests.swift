import Core
import Foundation
import Outbound
import Telemetry
import TestKit
import Testing

/// Requests to a real server of this machine.
@Suite struct HTTPSenderTests {
    private let metrics = MetricsRegistry()

    private func makeSender(_ texts: [String: String] = [:]) throws -> HTTPSender {
        try HTTPSender(settings: .outbound(texts), metrics: metrics)
    }

    @Test func aRequestArrivesAsItIs() async throws {
        let receiver = try await WebhookReceiver { _ in .status(201, body: "thanks") }
        let sender = try makeSender()
        let answer = try await sender.send(
            HTTPRequest(
                url(receiver, "/hook?a=1"), headers: [HTTPHeader("content-type", "application/json")],
                body: Array("{}".utf8)))
        #expect(answer.status == 201)
        #expect(answer.isSuccess)
        #expect(String(decoding: answer.body, as: UTF8.self) == "thanks")
        #expect(!answer.isTruncated)
        let request = try #require(receiver.requests.first)
        #expect(request.method == "POST")
        #expect(request.path == "/hook?a=1")
        #expect(request.text == "{}")
        #expect(request["content-type"] == "application/json")
        #expect(request["host"] == "127.0.0.1:\(receiver.port)")
        #expect(request["content-length"] == "2")
    }

    @Test func connectionsAreKept() async throws {
        let receiver = try await WebhookReceiver()
        let sender = try makeSender()
        for _ in 1...20 { _ = try await sender.send(HTTPRequest(url(receiver))) }
        #expect(receiver.count == 20)
        #expect(receiver.connectionCount == 1)
    }

    @Test func thereAreNoMoreConnectionsThanAllowed() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200, after: .milliseconds(5)) }
        let sender = try makeSender(["outbound.connections_per_destination": "3"])
        let url = try url(receiver)
        try await withThrowingTaskGroup { group in
            for _ in 1...30 { group.addTask { try await sender.send(HTTPRequest(url)).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(receiver.count == 30)
        #expect(receiver.connectionCount == 3)
        #expect(metrics.gauge("outbound_connections", "", labels: ["protocol"]).with("http").value == 3)
    }

    /// What others take is not taken from a request's own time.
    @Test func waitingForAConnectionDoesNotCount() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200, after: .seconds(2)) }
        let sender = try makeSender(["outbound.connections_per_destination": "1"])
        let request = HTTPRequest(try url(receiver), timeout: .milliseconds(3_500))
        try await withThrowingTaskGroup { group in
            for _ in 1...2 { group.addTask { try await sender.send(request).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(receiver.connectionCount == 1)
    }

    @Test func redirectionsAreAnswers() async throws {
        let receiver = try await WebhookReceiver { _ in .status(302, headers: [("location", "/elsewhere")]) }
        let answer = try await makeSender().send(HTTPRequest(url(receiver)))
        #expect(answer.status == 302)
        #expect(!answer.isSuccess)
        #expect(receiver.count == 1)
    }

    @Test func aServerSaysHowLongToWait() async throws {
        let receiver = try await WebhookReceiver { _ in .status(503, headers: [("retry-after", "7")]) }
        let answer = try await makeSender().send(HTTPRequest(url(receiver)))
        #expect(answer.retryAfter == .seconds(7))
    }

    @Test func onlyTheBeginningOfALongAnswerIsKept() async throws {
        let long = String(repeating: "x", count: 10_000)
        let receiver = try await WebhookReceiver { _ in .status(200, body: long) }
        let sender = try makeSender()
        let answer = try await sender.send(HTTPRequest(url(receiver)))
        #expect(answer.body.count == 4_096)
        #expect(answer.isTruncated)
        let failure = await #expect(throws: Failure.self) {
            try await sender.send(HTTPRequest(url(receiver), responseLimit: .whole(9_999)))
        }
        #expect(failure?.code == "response_too_large")
        let whole = try await sender.send(HTTPRequest(url(receiver), responseLimit: .whole(10_000)))
        #expect(whole.body.count == 10_000)
    }

    @Test func aSilentServerIsNotWaitedForLonger() async throws {
        let receiver = try await WebhookReceiver { $0.path == "/silent" ? .silence : .ok }
        let sender = try makeSender()
        #expect(try await sender.send(HTTPRequest(url(receiver))).status == 200)
        let failure = await #expect(throws: Failure.self) {
            try await sender.send(HTTPRequest(url(receiver, "/silent"), timeout: .milliseconds(50)))
        }
        #expect(failure?.code == "timeout")
        #expect(try await sender.send(HTTPRequest(url(receiver))).status == 200)
        #expect(receiver.connectionCount == 2)
        #expect(
            metrics.counter("outbound_requests_total", "", labels: ["outcome"]).with("timeout").value == 1)
    }

    @Test func aLostConnectionIsAFailureAndNothingIsRepeated() async throws {
        let receiver = try await WebhookReceiver { $0.number == 2 ? .drop : .ok }
        let sender = try makeSender()
        _ = try await sender.send(HTTPRequest(url(receiver)))
        let failure = await #expect(throws: Failure.self) { try await sender.send(HTTPRequest(url(receiver))) }
        #expect(failure?.code == "connection_lost")
        #expect(receiver.count == 2)
        #expect(try await sender.send(HTTPRequest(url(receiver))).status == 200)
    }

    @Test func connectionsThatNobodyUsesAreClosed() async throws {
        let receiver = try await WebhookReceiver()
        let patient = try makeSender(["outbound.idle_timeout": "600000"])
        let sender = try makeSender(["outbound.idle_timeout": "20"])
        _ = try await patient.send(HTTPRequest(url(receiver)))
        for number in 1...2 {
            _ = try await sender.send(HTTPRequest(url(receiver)))
            try await receiver.waitForClosedConnections(number)
        }
        _ = try await patient.send(HTTPRequest(url(receiver)))
        #expect(receiver.connectionCount == 3)
    }

    /// A connection is needed just as the last one was closed.
    @Test func noConnectionIsForgotten() async throws {
        let receiver = try await WebhookReceiver()
        let sender = try makeSender(["outbound.idle_timeout": "1"])
        for number in 1...300 {
            _ = try await sender.send(HTTPRequest(url(receiver)))
            try await receiver.waitForClosedConnections(number)
        }
        #expect(metrics.gauge("outbound_connections", "", labels: ["protocol"]).with("http").value == 0)
    }

    /// A port whose connections nobody takes: the system makes them, and then nothing is said.
    @Test func aConnectionThatIsNotMadeInTimeIsGivenUp() async throws {
        let (descriptor, port) = try Loopback.listen()
        defer { close(descriptor) }
        let sender = try makeSender(["outbound.connect_timeout": "50"])
        let request = HTTPRequest(try HTTPURL("https://127.0.0.1:\(port)/"))
        let failure = await #expect(throws: Failure.self) { try await sender.send(request) }
        #expect(failure?.code == "timeout")
        let durations = metrics.histogram("outbound_request_duration_seconds", "").with().distribution
        #expect(durations.count == 1 && durations.sum < 20)
    }

    @Test func whereNobodyListensIsAFailure() async throws {
        let receiver = try await WebhookReceiver()
        let url = try url(receiver)
        try await receiver.stopListening()
        let failure = await #expect(throws: Failure.self) { try await makeSender().send(HTTPRequest(url)) }
        #expect(failure?.code == "connect_failed")
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
    ])
    func thisMachineIsRefusedInWhateverForm(_ host: String) async throws {
        let receiver = try await WebhookReceiver()
        let sender = try makeSender(["outbound.allowed_networks": ""])
        let failure = try await #require(throws: Failure.self) {
            try await sender.send(HTTPRequest(HTTPURL("http://\(host):\(receiver.port)/")))
        }
        #expect(["address_refused", "name_unresolved"].contains(failure.code))
        #expect(receiver.connectionCount == 0)
    }

    @Test func aCancelledCallEnds() async throws {
        let receiver = try await WebhookReceiver { _ in .silence }
        let (sender, url) = (try makeSender(), try url(receiver))
        let call = Task { try await sender.send(HTTPRequest(url)) }
        try await receiver.waitForRequests(1)
        call.cancel()
        let failure = await #expect(throws: Failure.self) { try await call.value }
        #expect(failure?.code == "cancelled")
    }

    @Test func closingEndsWhatIsUnderWay() async throws {
        let receiver = try await WebhookReceiver { _ in .silence }
        let (sender, url) = (try makeSender(), try url(receiver))
        let call = Task { try await sender.send(HTTPRequest(url)) }
        try await receiver.waitForRequests(1)
        sender.close()
        let failure = await #expect(throws: Failure.self) { try await call.value }
        #expect(failure?.code == "stopping")
        let later = await #expect(throws: Failure.self) { try await sender.send(HTTPRequest(url)) }
        #expect(later?.code == "stopping")
    }

    private func url(_ receiver: WebhookReceiver, _ path: String = "/hook") throws -> HTTPURL {
        try HTTPURL(receiver.url(path))
    }
}
