import Core
import Outbound
import TestKit
import Testing

@testable import Observers

/// Webhooks that were delivered, as their receivers verify them.
@Suite(.timeLimit(.minutes(5))) struct WebhookSignatureFlowTests {
    private static func verdicts(
        _ request: WebhookReceiver.Request, _ keys: [WebhookVerifier.Key]
    ) throws -> [Bool] {
        try WebhookVerifier.areValid(keys.map { WebhookVerifier.Message(request.headers, request.text, $0) })
    }

    /// Says by which secrets the observer signs, makes an order and returns what came of it.
    private static func exchange(
        _ fixture: RoleFixture, _ secrets: [WebhookSecret], _ count: Int
    ) async throws -> WebhookReceiver.Request {
        let texts = secrets.map { "\"\($0.text)\"" }.joined(separator: ",")
        let action = #"{"type": "webhook", "url": "\#(fixture.receiver.url())", "secrets": [\#(texts)]}"#
        if count == 1 {
            try await fixture.act(action)
        } else {
            try await fixture.patch("acting", #"{"actions": [\#(action)]}"#)
        }
        try await fixture.order(count)
        return try await fixture.received(count)[count - 1]
    }

    private static func versions(_ request: WebhookReceiver.Request) -> [Substring]? {
        request["webhook-signature"]?.split(separator: " ").map { $0.prefix { $0 != "," } }
    }

    /// A secret is exchanged: for a while both sign, and a receiver that knows either of them can tell that it was us.
    @Test(arguments: TestStore.Engine.allCases)
    func aSecretIsExchangedWhileReceiversKnowEitherOne(_ engine: TestStore.Engine) async throws {
        let (old, new) = (WebhookSecret.makeShared(), WebhookSecret.makeShared())
        let keys = [WebhookVerifier.Key.secret(old.text), .secret(new.text), .secret(WebhookSecret.makeShared().text)]
        try await RoleFixture.run(engine) { fixture in
            let steps = [
                ([old], [true, false, false]), ([new, old], [true, true, false]), ([new], [false, true, false]),
            ]
            for (index, (secrets, verdicts)) in steps.enumerated() {
                let request = try await Self.exchange(fixture, secrets, index + 1)
                #expect(Self.versions(request) == secrets.map { _ in "v1" })
                #expect(try Self.verdicts(request, keys) == verdicts)
                let changed = WebhookVerifier.Message(request.headers, request.text + " ", keys[0])
                #expect(try WebhookVerifier.areValid([changed]) == [false])
            }
        }
    }

    /// A receiver need not be trusted with a secret: it has the public half of a key.
    @Test(arguments: TestStore.Engine.allCases)
    func aKeySignsBesideASecret(_ engine: TestStore.Engine) async throws {
        let (secret, key) = (WebhookSecret.makeShared(), WebhookSecret.makeSigning())
        let own = try #require(key.publicKey)
        let other = try #require(WebhookSecret.makeSigning().publicKey)
        try await RoleFixture.run(engine) { fixture in
            let request = try await Self.exchange(fixture, [secret, key], 1)
            #expect(Self.versions(request) == ["v1", "v1a"])
            #expect(
                try Self.verdicts(request, [.secret(secret.text), .publicKey(own), .publicKey(other)])
                    == [true, true, false])
        }
    }
}
