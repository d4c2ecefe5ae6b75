import Core

/// Why an e-mail could not be sent. Its kind says whether that may pass (``Failure/Kind/mayPass``).
extension Failure {
    static func emailAddressInvalid(_ text: String) -> Failure {
        Failure(
            .invalid, code: "email_address_invalid",
            "\"\(EmailAddress.withoutControls(String(text.prefix(100))))\" is no address of e-mail. "
                + "Write name@example.com or Some Name <name@example.com>.")
    }

    static func emailInvalid(_ reason: String) -> Failure {
        Failure(.invalid, code: "email_invalid", "The e-mail \(reason).")
    }

    static func smtpRefused(_ server: String, _ reply: String) -> Failure {
        Failure(
            .invalid, code: "smtp_refused",
            "The mail server \(server) refused the message for good: \(reply). Correct what it names.")
    }

    static func smtpDeferred(_ server: String, _ reply: String) -> Failure {
        Failure(
            .unavailable, code: "smtp_deferred",
            "The mail server \(server) does not take the message now: \(reply). Try again later.")
    }

    static func smtpLoginRefused(_ server: String, _ reply: String) -> Failure {
        Failure(
            .unauthenticated, code: "smtp_login_refused",
            "The mail server \(server) lets nobody in as outbound.smtp_url says: \(reply). Correct the login."
        )
    }

    static func smtpProtocol(_ reason: String) -> Failure {
        Failure(
            .unavailable, code: "smtp_protocol_error",
            "What answers is no mail server: \(reason). Correct outbound.smtp_url.")
    }
}
