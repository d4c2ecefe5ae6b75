import Core
import NIOSSL
import Telemetry
import TestKit
import Testing

@testable import Outbound

/// Encrypted requests, and that a connection goes to the address that was checked while everything else keeps the name.
@Suite struct HTTPSecurityTests {
    private let certificate: TestCertificate
    private let receiver: WebhookReceiver
    private let metrics = MetricsRegistry()
    private let resolver = FixedResolver(["receiver.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]])

    init() async throws {
        certificate = try TestCertificate(for: ["receiver.test"])
        let chain = try NIOSSLCertificate.fromPEMFile(certificate.path).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem)
        receiver = try await WebhookReceiver(
            tls: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
    }

    private func makeSender(trusts: Bool = true, _ texts: [String: String] = [:]) throws -> HTTPSender {
        let trust = trusts ? ["outbound.tls_ca_file": certificate.path] : [:]
        return try HTTPSender(
            settings: .outbound(trust.merging(texts) { $1 }), metrics: metrics, resolver: resolver)
    }

    private func url(_ host: String) throws -> HTTPURL { try HTTPURL("https://\(host):\(receiver.port)/hook") }

    private func code(_ sender: HTTPSender, _ host: String) async throws -> String? {
        let request = HTTPRequest(try url(host))
        return await #expect(throws: Failure.self) { try await sender.send(request) }?.code
    }

    @Test func theNameIsKeptAndTheAddressPinned() async throws {
        let sender = try makeSender()
        for _ in 1...3 { #expect(try await sender.send(HTTPRequest(url("receiver.test"))).status == 200) }
        #expect(receiver.requests.map { $0["host"] } == Array(repeating: "receiver.test:\(receiver.port)", count: 3))
        #expect(resolver.lookups == 1, "a connection that is kept asks nobody again")
    }

    @Test func addressesHaveCertificatesToo() async throws {
        #expect(try await makeSender().send(HTTPRequest(url("127.0.0.1"))).status == 200)
    }

    @Test func aCertificateOfAnotherNameIsRefused() async throws {
        #expect(try await code(try makeSender(), "other.test") == "tls_failed")
        #expect(receiver.count == 0)
    }

    @Test(arguments: [
        ("shop.example", "shop.example", true), ("SHOP.example", "shop.example", true),
        ("shop.example", "shop.example.", true), ("*.example.com", "shop.example.com", true),
        ("*.example.com", "example.com", false), ("*.example.com", "a.b.example.com", false),
        ("*.com", "example.com", false), ("*", "example", false), ("s*.example.com", "shop.example.com", false),
        ("shop.example", "workshop.example", false), ("", "shop.example", false),
    ])
    func namesOfCertificates(_ pattern: String, _ host: String, _ isCovered: Bool) {
        #expect(PeerIdentity.covers(pattern, host) == isCovered)
    }

    @Test func aCertificateOfAnUnknownAuthorityIsRefused() async throws {
        #expect(try await code(try makeSender(trusts: false), "receiver.test") == "tls_failed")
        #expect(receiver.count == 0)
        // `outbound.tls_ca_file` says whom to trust, which `outbound_requests_total` shows.
        let requests = metrics.counter("outbound_requests_total", "", labels: ["outcome"])
        #expect(requests.with("tls_failed").value == 1 && requests.with("2xx").value == 0)
        _ = try await makeSender().send(HTTPRequest(url("receiver.test")))
        #expect(requests.with("tls_failed").value == 1 && requests.with("2xx").value == 1)
    }

    @Test func aServerThatDoesNotEncryptIsRefused() async throws {
        let plain = try await WebhookReceiver()
        let request = HTTPRequest(try HTTPURL("https://127.0.0.1:\(plain.port)/"))
        let sender = try makeSender()
        let failure = await #expect(throws: Failure.self) { try await sender.send(request) }
        #expect(failure?.code == "tls_failed")
    }

    @Test func aNameOfThisMachineIsRefused() async throws {
        let sender = try makeSender(["outbound.allowed_networks": "10.0.0.0/8"])
        #expect(try await code(sender, "receiver.test") == "address_refused")
        #expect(receiver.connectionCount == 0)
    }

    @Test func aFileThatIsNotThereStopsTheStart() throws {
        let failure = #expect(throws: Failure.self) {
            try makeSender(["outbound.tls_ca_file": "/nowhere/authorities.pem"])
        }
        #expect(failure?.code == "tls_settings_invalid")
    }
}
