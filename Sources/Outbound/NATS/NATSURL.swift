public import Core

/// Which NATS server to use, and how to log in.
public struct NATSURL: SettingText, Equatable {
    /// How somebody logs in.
    enum Login: Sendable, Equatable {
        case password(user: String, String)
        case token(String)
    }

    let host: String
    let port: Int
    let login: Login?
    /// Whether nothing is sent without encryption. It is used whenever the server demands it, too.
    let requiresTLS: Bool

    /// How an address is written.
    public static let forms = "nats://[user:password@|token@]host[:port] or tls://…, which insists on encryption"

    /// Reads an address of one of these forms. Without a port it is 4222.
    ///
    /// - throws: ``Failure`` `nats_url_invalid` that says what would be right.
    public init(_ text: String) throws(Failure) {
        let parts = try ServerURL(text, schemes: ["nats", "tls"], forms: Self.forms, code: "nats_url_invalid")
        guard parts.query.isEmpty else {
            throw ServerURL.failure("nats_url_invalid", "has a ?, which says nothing", Self.forms)
        }
        login = parts.user.map { user in parts.password.map { .password(user: user, $0) } ?? .token(user) }
        host = parts.host
        port = parts.port ?? 4_222
        requiresTLS = parts.scheme == "tls"
    }
}
