public import Core
import Crypto

/// A key as it is stored and shown: everything but its text, of which only the hash is kept.
public struct APIKey: Sendable, Versioned {
    /// Its identifier.
    public let id: Identifier
    /// Whose data it reaches.
    public let tenant: Tenant
    /// What it is called.
    public let name: String
    /// What it may do.
    public let scopes: Scopes
    /// 1 when it is made, 2 once it is revoked.
    public let version: Int64
    /// When it was made.
    public let createdAt: Timestamp
    /// When it ends, if ever.
    public let expiresAt: Timestamp?
    /// When it was revoked, if it was.
    public let revokedAt: Timestamp?
    /// The only user whose memories it reaches, and nothing else; nil reaches what the scopes name.
    public let user: Int64?

    /// Whether it opens anything at a moment.
    func isValid(at now: Timestamp) -> Bool {
        revokedAt == nil && expiresAt.map { now < $0 } ?? true
    }
}

extension APIKey: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { write(membersTo: &$0) }
    }

    func write(membersTo json: inout JSONWriter) {
        json.member("id", id)
        json.member("name", name)
        json.member("scopes", array: scopes.names)
        json.member("version", version)
        json.member("created_at", createdAt)
        json.member("expires_at", expiresAt)
        json.member("revoked_at", revokedAt)
        json.member("user_id", user)
    }
}

/// A key that was just made, with its text, which is never shown again.
public struct NewAPIKey: Sendable, Versioned, JSONEncodable {
    /// The key as it is stored.
    public let key: APIKey
    /// What its holder sends.
    public let text: String

    public var version: Int64 { key.version }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            key.write(membersTo: &json)
            json.member("key", text)
        }
    }
}

/// The text of a key.
enum KeyText {
    /// How long the text of a key may be. Texts of ours have 46 characters; an administrator may choose another.
    static let lengths = 32...256

    /// A new text: `mk_` and 256 random bits.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in generator.next() }
        return "mk_" + Base64URL.encode(words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } })
    }

    /// Whether a text can be a key: 32 to 256 visible ASCII characters.
    static func isPossible(_ text: some StringProtocol) -> Bool {
        lengths.contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// By what a key is found and known.
    static func hash(_ text: some StringProtocol) -> SHA256.Digest {
        SHA256.hash(data: Array(text.utf8))
    }
}
