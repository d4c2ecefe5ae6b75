public import Core

/// Which mail server to use, and how.
public struct SMTPURL: Sendable, Equatable {
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
    /// The text that it was read from, with its password.
    let text: String

    static let forms = "smtp://[user:password@]host[:port][?tls=starttls|tls|none]"

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
        self.text = text
    }
}

/// The value of `outbound.smtp_url`: which mail server to use, if any.
public struct SMTPSetting: SettingValue {
    /// Which server to use; nil when there is none.
    public let url: SMTPURL?

    /// No server.
    public static let none = SMTPSetting()

    private init() { url = nil }

    public init?(text: String) {
        if text.isEmpty {
            url = nil
        } else {
            guard let url = try? SMTPURL(text) else { return nil }
            self.url = url
        }
    }

    public static var kind: String { "empty or \(SMTPURL.forms)" }
    public var text: String { url?.text ?? "" }
    public static func < (left: SMTPSetting, right: SMTPSetting) -> Bool { left.text < right.text }
}
