import Core
import Foundation
import Outbound
import Telemetry
import TestKit
import Testing

/// Messages for the real `nats-server` with JetStream.
@Suite(.timeLimit(.minutes(5))) struct NATSClientTests {
    private let metrics = MetricsRegistry()

    private func client(_ url: String, _ texts: [String: String] = [:]) throws -> NATSClient {
        try NATSClient(NATSURL(url), settings: .outbound(texts), metrics: metrics)
    }

    private func code(_ client: NATSClient, _ subject: String = "shop.orders", timeout: Duration = .seconds(20)) async
        -> String?
    {
        await #expect(throws: Failure.self) {
            try await client.publish([1], to: subject, messageID: "id", timeout: timeout)
        }?.code
    }

    /// A server with a stream.
    private func server() async throws -> NATSServer {
        let server = try await NATSServer()
        try await server.addStream("SHOP", subjects: "shop.>")
        return server
    }

    @Test func aMessageIsStoredOnce() async throws {
        let server = try await server()
        let client = try client(server.url())
        let payload = Array("{\"a\":\r\n1}".utf8)
        let first = try await client.publish(
            payload, to: "shop.orders", messageID: "event-1", headers: [HTTPHeader("content-type", "application/json")])
        #expect(first.stream == "SHOP" && first.sequence == 1 && !first.isDuplicate)
        let again = try await client.publish(payload, to: "shop.orders", messageID: "event-1")
        #expect(again.isDuplicate && again.sequence == 1)
        try await client.publish(payload, to: "shop.orders", messageID: "event-2")
        #expect(try await server.messageCount(of: "SHOP") == 2)
        let stored = try await server.message(1, of: "SHOP")
        #expect(stored["subject"] == .string("shop.orders"))
        #expect(stored["data"] == .string(Data(payload).base64EncodedString()))
        guard case .string(let headers)? = stored["hdrs"], let text = Data(base64Encoded: headers) else {
            Issue.record("\(stored)")
            return
        }
        #expect(
            String(decoding: text, as: UTF8.self)
                == "NATS/1.0\r\nNats-Msg-Id: event-1\r\ncontent-type: application/json\r\n\r\n")
        let outcomes = metrics.counter("outbound_nats_messages_total", "", labels: ["outcome"])
        #expect(outcomes.with("stored").value == 2 && outcomes.with("duplicate").value == 1)
        let durations = metrics.histogram("outbound_nats_duration_seconds", "").with().distribution
        #expect(durations.count == 3 && durations.sum > 0)
    }

    @Test func manyAreUnderWayAtOnce() async throws {
        let server = try await server()
        let client = try client(server.url())
        let sequences = try await withThrowingTaskGroup { group in
            for number in 1...2_000 {
                group.addTask {
                    try await client.publish([1, 2, 3], to: "shop.orders", messageID: "event-\(number)").sequence
                }
            }
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(sequences == Set(1...2_000))
        #expect(try await server.messageCount(of: "SHOP") == 2_000)
    }

    @Test func whereNoStreamListensIsAFailure() async throws {
        let server = try await server()
        #expect(await code(try client(server.url()), "elsewhere.orders") == "nats_no_stream")
        #expect(try await server.messageCount(of: "SHOP") == 0)
    }

    @Test func aStreamMayRefuseAMessage() async throws {
        let server = try await NATSServer()
        try await server.addStream("SMALL", subjects: "small", options: #","max_msg_size":4"#)
        let client = try client(server.url())
        let failure = await #expect(throws: Failure.self) {
            try await client.publish([1, 2, 3, 4, 5], to: "small", messageID: "a")
        }
        #expect(failure?.code == "nats_refused")
        let long = [UInt8](repeating: 0, count: 2 << 20)
        let longer = await #expect(throws: Failure.self) { try await client.publish(long, to: "small", messageID: "b") }
        #expect(longer?.code == "nats_refused")
    }

    @Test func aServerThatCameBackHasWhatItAcknowledged() async throws {
        let server = try await server()
        let client = try client(server.url())
        for number in 1...20 { try await client.publish([1], to: "shop.orders", messageID: "event-\(number)") }
        await server.kill()
        #expect(await code(client) == "connect_failed")
        try await server.restart()
        // What was acknowledged before is a duplicate still, and the rest is stored.
        var duplicates = 0
        for number in 1...30 {
            if try await client.publish([1], to: "shop.orders", messageID: "event-\(number)").isDuplicate {
                duplicates += 1
            }
        }
        #expect(duplicates == 20)
        #expect(try await server.messageCount(of: "SHOP") == 30)
    }

    @Test func whatIsUnderWayWhenTheServerEndsFails() async throws {
        let server = try await server()
        let client = try client(server.url())
        try await client.publish([1], to: "shop.orders", messageID: "first")
        server.stall()
        #expect(await code(client, timeout: .milliseconds(200)) == "timeout")
        let call = Task { try await client.publish([1], to: "shop.orders", messageID: "second", timeout: .seconds(20)) }
        await server.kill()
        let failure = await #expect(throws: Failure.self) { try await call.value }
        #expect(["connection_lost", "connect_failed"].contains(failure?.code))
    }

    @Test(arguments: [
        ("authorization { user: me, password: secret }", "me:secret@", "me:guess@"),
        ("authorization { token: secret }", "secret@", "guess@"),
    ])
    func aServerThatAsksWhoItIs(_ configuration: String, _ right: String, _ wrong: String) async throws {
        let server = try await server()
        await server.kill()
        try await server.restart(configuration)
        #expect(try await client(server.url(right)).publish([1], to: "shop.a", messageID: "a").sequence == 1)
        #expect(await code(try client(server.url(wrong))) == "nats_login_refused")
        #expect(await code(try client(server.url())) == "nats_login_refused")
    }

    @Test func aSubjectMayBeForbidden() async throws {
        let server = try await server()
        await server.kill()
        try await server.restart(
            """
            authorization {
              users: [{ user: me, password: secret, permissions: { publish: "shop.a", subscribe: ">" } }]
            }
            """
        )
        let client = try client(server.url("me:secret@"))
        #expect(try await client.publish([1], to: "shop.a", messageID: "a").sequence == 1)
        #expect(await code(client, "shop.b") == "nats_refused")
        #expect(try await client.publish([1], to: "shop.a", messageID: "b").sequence == 2)
    }

    @Test func aServerThatEncrypts() async throws {
        let certificate = try TestCertificate(for: ["localhost"])
        let server = try await server()
        await server.kill()
        try await server.restart("tls { cert_file: \"\(certificate.path)\", key_file: \"\(certificate.keyPath)\" }")
        let trust = ["outbound.tls_ca_file": certificate.path]
        for scheme in ["nats", "tls"] {
            let client = try client(server.url(scheme: scheme), trust)
            #expect(try await client.publish([1], to: "shop.a", messageID: scheme).stream == "SHOP")
        }
        #expect(await code(try client(server.url())) == "tls_failed")
    }

    @Test func aServerThatDoesNotEncryptIsRefusedWhenItMust() async throws {
        let server = try await NATSServer()
        #expect(await code(try client(server.url(scheme: "tls"))) == "tls_failed")
    }

    @Test func closingEndsWhatIsUnderWay() async throws {
        let server = try await server()
        let client = try client(server.url())
        try await client.publish([1], to: "shop.a", messageID: "a")
        client.close()
        #expect(await code(client) == "stopping")
    }
}
