public import Core

/// Which mail server to use, and how.
public struct SMTPURL: SettingText, Equatable {
    /// How the connection is encrypted.
    enum Encryption: String, Sendable {
        /// Not at all.
        case none
        /// By the command `STARTTLS`, without which nothing is sent.
        case starttls
        /// From the first byte.
        case tls
    }

    /// Who logs in.
    struct Login: Sendable, Equatable {
        let user: String
        let password: String
    }

    let host: String
    let port: Int
    let login: Login?
    let encryption: Encryption

    /// How an address is written.
    public static let forms = "smtp://[user:password@]host[:port][?tls=starttls|tls|none]"

    /// Reads an address of the form above. Without a port it is 587, and 465 or 25 for `tls` and `none`.
    ///
    /// - throws: ``Failure`` `smtp_url_invalid` that says what would be right.
    public init(_ text: String) throws(Failure) {
        let parts = try ServerURL(text, schemes: ["smtp"], forms: Self.forms, code: "smtp_url_invalid")
        switch parts.query {
        case "", "tls=starttls": encryption = .starttls
        case "tls=tls": encryption = .tls
        case "tls=none": encryption = .none
        default:
            throw ServerURL.failure("smtp_url_invalid", "has \"?\(parts.query)\", which says nothing", Self.forms)
        }
        if let user = parts.user {
            guard let password = parts.password else {
                throw ServerURL.failure("smtp_url_invalid", "has a user without a password", Self.forms)
            }
            login = Login(user: user, password: password)
        } else {
            login = nil
        }
        host = parts.host
        port = parts.port ?? (encryption == .starttls ? 587 : encryption == .tls ? 465 : 25)
    }
}
