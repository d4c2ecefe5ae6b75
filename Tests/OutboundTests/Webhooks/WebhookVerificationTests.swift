import Core
import Outbound
import TestKit
import Testing

/// What receivers do with our signatures: the libraries of others say whether they are valid.
@Suite struct WebhookVerificationTests {
    private let body = #"{"name":"Käse & \"Brot\"","total":12.50}"#

    private func message(
        _ headers: [HTTPHeader], _ body: String, _ key: WebhookVerifier.Key
    ) -> WebhookVerifier.Message {
        WebhookVerifier.Message(headers.map { ($0.name, $0.value) }, body, key)
    }

    @Test func sharedSecretsAreVerifiedByTheLibraryOfTheStandard() throws {
        let (old, new) = (WebhookSecret.makeShared(), WebhookSecret.makeShared())
        let bytes = Array(body.utf8)
        let headers = try WebhookSigner([new, old, .makeSigning()])
            .headers(id: "msg_1", time: SystemTime().now(), body: bytes)
        let late = try WebhookSigner([new]).headers(
            id: "msg_1", time: SystemTime().now().advanced(bySeconds: -3_600), body: bytes)
        let verdicts = try WebhookVerifier.areValid([
            message(headers, body, .secret(new.text)),
            message(headers, body, .secret(old.text)),
            message(headers, body, .secret(WebhookSecret.makeShared().text)),
            message(headers, body + " ", .secret(new.text)),
            message(late, body, .secret(new.text)),
        ])
        #expect(verdicts == [true, true, false, false, false])
    }

    @Test func publicKeysVerifyWhatPrivateOnesSign() throws {
        let secret = WebhookSecret.makeSigning()
        let headers = try WebhookSigner([.makeShared(), secret])
            .headers(id: "msg_2", time: SystemTime().now(), body: Array(body.utf8))
        let own = try #require(secret.publicKey)
        let other = try #require(WebhookSecret.makeSigning().publicKey)
        let verdicts = try WebhookVerifier.areValid([
            message(headers, body, .publicKey(own)), message(headers, body, .publicKey(other)),
            message(headers, body + " ", .publicKey(own)),
        ])
        #expect(verdicts == [true, false, false])
    }
}
