public import Core
import Crypto
import Foundation

/// Signs webhooks as Standard Webhooks 1.0.0 says (standard-webhooks, "Signature scheme"): each secret adds a
/// signature of `id.timestamp.body`, so that a receiver which knows only the old or the new one can verify it.
public struct WebhookSigner: Sendable {
    private let secrets: [WebhookSecret]

    /// How many secrets may sign at once.
    public static let secretLimit = 4

    /// A signer with one secret, or several while they are being exchanged.
    ///
    /// - throws: ``Failure`` `webhook_secret_invalid` when there are none or too many.
    public init(_ secrets: [WebhookSecret]) throws(Failure) {
        guard (1...Self.secretLimit).contains(secrets.count) else {
            throw .webhookSecretInvalid("is not one of 1 to \(Self.secretLimit)")
        }
        self.secrets = secrets
    }

    /// The fields that go with a body: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    ///
    /// - parameters:
    ///   - id: names the event, the same for every attempt. It has no dot and nothing that a field cannot have.
    ///   - time: when the attempt is made.
    ///   - body: the bytes that are sent.
    /// - throws: ``Failure`` `header_invalid` for an `id` that cannot be sent.
    public func headers(id: String, time: Timestamp, body: [UInt8]) throws(Failure) -> [HTTPHeader] {
        guard !id.isEmpty, !id.contains(".") else {
            throw .headerInvalid("webhook-id is empty or has a dot, which would make its signature ambiguous")
        }
        let seconds = String(time.microseconds / 1_000_000)
        var content = Array("\(id).\(seconds).".utf8)
        content += body
        var signatures: [String] = []
        for secret in secrets { signatures.append(try secret.signature(of: content)) }
        return [
            try HTTPHeader("webhook-id", id), HTTPHeader(unchecked: "webhook-timestamp", seconds),
            HTTPHeader(unchecked: "webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}

/// A secret that webhooks are signed with: shared with the receiver, or a private key whose public one it has.
public struct WebhookSecret: Sendable {
    private enum Key: Sendable {
        case shared(SymmetricKey)
        case signing(Curve25519.Signing.PrivateKey)
    }

    private let key: Key

    /// How many bytes a shared secret may have.
    public static let sharedLengths = 24...64

    /// Reads `whsec_…`, a shared secret, or `whsk_…`, an ed25519 key of 32 bytes or of 64 with its public half.
    ///
    /// - throws: ``Failure`` `webhook_secret_invalid`.
    public init(_ text: String) throws(Failure) {
        if text.hasPrefix("whsec_") {
            guard let bytes = Data(base64Encoded: String(text.dropFirst(6))), Self.sharedLengths.contains(bytes.count)
            else {
                throw .webhookSecretInvalid("has no 24 to 64 bytes in base64 after whsec_")
            }
            key = .shared(SymmetricKey(data: bytes))
        } else if text.hasPrefix("whsk_") {
            guard let bytes = Data(base64Encoded: String(text.dropFirst(5))), [32, 64].contains(bytes.count),
                let signing = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)),
                bytes.count == 32 || signing.publicKey.rawRepresentation == bytes.suffix(32)
            else { throw .webhookSecretInvalid("has no ed25519 key in base64 after whsk_") }
            key = .signing(signing)
        } else {
            throw .webhookSecretInvalid("begins with neither whsec_ nor whsk_")
        }
    }

    private init(_ key: Key) { self.key = key }

    /// A new shared secret of 32 random bytes.
    public static func makeShared() -> WebhookSecret { WebhookSecret(.shared(SymmetricKey(size: .bits256))) }

    /// A new ed25519 key.
    public static func makeSigning() -> WebhookSecret { WebhookSecret(.signing(Curve25519.Signing.PrivateKey())) }

    /// The secret as text that reads back. Show it once, to the one who made it.
    public var text: String {
        switch key {
        case .shared(let key): "whsec_" + key.withUnsafeBytes { Data($0) }.base64EncodedString()
        case .signing(let key): "whsk_" + key.rawRepresentation.base64EncodedString()
        }
    }

    /// What the receiver of a private key's signatures has to know, `whpk_…`; nil for a shared secret.
    public var publicKey: String? {
        guard case .signing(let key) = key else { return nil }
        return "whpk_" + key.publicKey.rawRepresentation.base64EncodedString()
    }

    func signature(of content: [UInt8]) throws(Failure) -> String {
        switch key {
        case .shared(let key):
            return "v1," + Data(HMAC<SHA256>.authenticationCode(for: content, using: key)).base64EncodedString()
        case .signing(let key):
            do {
                return "v1a," + (try key.signature(for: content)).base64EncodedString()
            } catch {
                throw .internal("The ed25519 key of a webhook signs nothing.", cause: error)
            }
        }
    }
}

extension Failure {
    static func webhookSecretInvalid(_ reason: String) -> Failure {
        Failure(
            .invalid, code: "webhook_secret_invalid",
            "The secret of the webhook \(reason). Write whsec_ and 32 random bytes in base64."
        )
    }
}
