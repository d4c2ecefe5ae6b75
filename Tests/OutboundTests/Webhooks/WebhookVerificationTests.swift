import Core
import Outbound
import TestKit
import Testing

/// What receivers do with our signatures: the libraries of others say whether they are valid.
@Suite struct WebhookVerificationTests {
    private let body = #"{"name":"Käse & \"Brot\"","total":12.50}"#

    /// A line for the verifier.
    private func line(_ headers: [HTTPHeader], _ body: String, _ key: (name: String, value: String)) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("body", body)
            json.key(named: key.name)
            json.value(key.value)
            json.key("headers")
            json.object { json in
                for header in headers {
                    json.key(named: header.name)
                    json.value(header.value)
                }
            }
        }
        return json.bytes + Array("\n".utf8)
    }

    private func verdicts(_ lines: [[UInt8]]) throws -> [Substring] {
        let result = try Python.run("verify_webhook.py", input: lines.flatMap { $0 })
        try #require(result.status == 0, "\(result.output)")
        return result.output.split(separator: "\n")
    }

    @Test func sharedSecretsAreVerifiedByTheLibraryOfTheStandard() throws {
        let (old, new) = (WebhookSecret.makeShared(), WebhookSecret.makeShared())
        let bytes = Array(body.utf8)
        let headers = try WebhookSigner([new, old, .makeSigning()])
            .headers(id: "msg_1", time: SystemTime().now(), body: bytes)
        let late = try WebhookSigner([new]).headers(
            id: "msg_1", time: SystemTime().now().advanced(bySeconds: -3_600), body: bytes)
        let verdicts = try verdicts([
            line(headers, body, ("secret", new.text)),
            line(headers, body, ("secret", old.text)),
            line(headers, body, ("secret", WebhookSecret.makeShared().text)),
            line(headers, body + " ", ("secret", new.text)),
            line(late, body, ("secret", new.text)),
        ])
        #expect(verdicts == ["valid", "valid", "invalid", "invalid", "invalid"])
    }

    @Test func publicKeysVerifyWhatPrivateOnesSign() throws {
        let secret = WebhookSecret.makeSigning()
        let headers = try WebhookSigner([.makeShared(), secret])
            .headers(id: "msg_2", time: SystemTime().now(), body: Array(body.utf8))
        let own = try #require(secret.publicKey)
        let other = try #require(WebhookSecret.makeSigning().publicKey)
        let verdicts = try verdicts([
            line(headers, body, ("public_key", own)), line(headers, body, ("public_key", other)),
            line(headers, body + " ", ("public_key", own)),
        ])
        #expect(verdicts == ["valid", "invalid", "invalid"])
    }
}
