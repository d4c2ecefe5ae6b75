public import Core

/// The settings of what is sent to the outside world.
public enum OutboundSettings {
    /// Which networks that are not public may be connected to.
    public static let allowedNetworks = Setting(
        "outbound.allowed_networks", default: NetworkRanges(), moves: "outbound_requests_total",
        "Networks beside the public ones that may be sent to, such as 10.1.0.0/16, 127.0.0.1/32; none by default.")

    /// How many connections one destination gets.
    public static let connectionsPerDestination = Setting(
        "outbound.connections_per_destination", default: 16, unit: "connections", bounds: 1...1_024,
        moves: "outbound_connections",
        "How many connections a destination gets at most; further requests wait for one.")

    /// How long making a connection may take.
    public static let connectTimeout = Setting(
        "outbound.connect_timeout", default: 5_000, unit: "ms", bounds: 10...60_000,
        moves: "outbound_request_duration_seconds",
        "How long looking up a name and connecting may take, with TLS, before the destination counts as unreachable.")

    /// How long a connection is kept that nobody uses.
    public static let idleTimeout = Setting(
        "outbound.idle_timeout", default: 4_000, unit: "ms", bounds: 1...600_000, moves: "outbound_connections",
        "How long a connection is kept without use. Many servers close theirs after 5 s; then requests are lost."
    )

    /// Which authorities are trusted beside those of the system.
    public static let tlsCertificateAuthorities = Setting(
        "outbound.tls_ca_file", default: "", moves: "outbound_requests_total",
        "A PEM file of certificate authorities to trust beside those of the system; empty is none.")

    /// Which mail server sends e-mail.
    public static let smtpServer = Setting(
        "outbound.smtp_url", default: OptionalSetting<SMTPURL>.none, moves: "outbound_emails_total",
        "The mail server that sends e-mail; empty sends none.")

    /// Who e-mail is from.
    public static let smtpSender = Setting(
        "outbound.smtp_from", default: OptionalSetting<EmailAddress>.none, moves: "outbound_emails_total",
        "Who e-mail is from when its observer does not say so.")

    /// How long each answer of the mail server may take.
    public static let smtpTimeout = Setting(
        "outbound.smtp_timeout", default: 30_000, unit: "ms", bounds: 10...600_000,
        moves: "outbound_email_duration_seconds",
        "How long the mail server may take for each answer, and for the connection, before it counts as lost.")

    /// Which NATS server takes messages.
    public static let natsServer = Setting(
        "outbound.nats_url", default: OptionalSetting<NATSURL>.none, moves: "outbound_nats_messages_total",
        "The NATS server whose JetStream takes messages; empty sends none.")

    /// All of them.
    public static let all: [AnySetting] = [
        allowedNetworks.erased, connectionsPerDestination.erased, connectTimeout.erased, idleTimeout.erased,
        tlsCertificateAuthorities.erased, smtpServer.erased, smtpSender.erased, smtpTimeout.erased,
        natsServer.erased,
    ]
}
