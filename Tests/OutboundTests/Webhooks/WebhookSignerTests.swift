import Core
import Outbound
import Testing

/// The signatures of webhooks, against the example of the specification and against themselves.
@Suite struct WebhookSignerTests {
    private let time = Timestamp(microseconds: 1_614_265_330_000_000)

    /// The example of the Standard Webhooks libraries.
    @Test func aKnownMessageHasItsKnownSignature() throws {
        let signer = try WebhookSigner([WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
        let headers = try signer.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: time, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[1].value == "1614265330")
        #expect(headers[2].value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func everySecretAddsASignature() throws {
        let secrets = [WebhookSecret.makeShared(), .makeSigning(), .makeShared()]
        let value = try WebhookSigner(secrets).headers(id: "event", time: time, body: [1])[2].value
        #expect(value.split(separator: " ").map { $0.prefix { $0 != "," } } == ["v1", "v1a", "v1"])
        let last = try WebhookSigner([secrets[2]]).headers(id: "event", time: time, body: [1])[2].value
        #expect(value.hasSuffix(last))
    }

    @Test func secretsReadBack() throws {
        for secret in [WebhookSecret.makeShared(), .makeSigning()] {
            let read = try WebhookSecret(secret.text)
            #expect(read.text == secret.text)
            #expect(read.publicKey == secret.publicKey)
        }
        #expect(WebhookSecret.makeShared().publicKey == nil)
        #expect(WebhookSecret.makeSigning().publicKey?.hasPrefix("whpk_") == true)
        #expect(WebhookSecret.makeShared().text != WebhookSecret.makeShared().text)
    }

    @Test(arguments: ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "whsk_c2hvcnQ=", "whpk_AAAA"])
    func otherTextsAreRefused(_ text: String) {
        let failure = #expect(throws: Failure.self) { try WebhookSecret(text) }
        #expect(failure?.code == "webhook_secret_invalid")
    }

    @Test(arguments: ["", "a.b", "a\nb"])
    func identifiersThatCannotBeSignedAreRefused(_ id: String) throws {
        let signer = try WebhookSigner([.makeShared()])
        #expect(throws: Failure.self) { try signer.headers(id: id, time: time, body: []) }
    }
}
