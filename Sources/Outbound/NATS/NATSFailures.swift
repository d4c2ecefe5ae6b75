import Core

/// Why a message could not be given to NATS. Its kind says whether that may pass (``Failure/Kind/mayPass``).
extension Failure {
    static func natsSubjectInvalid(_ subject: String) -> Failure {
        Failure(
            .invalid, code: "nats_subject_invalid",
            "\"\(EmailAddress.withoutControls(String(subject.prefix(100))))\" is no subject to publish to. "
                + "Write words with dots between them, without blanks, * and >.")
    }

    static func natsNoStream(_ subject: String) -> Failure {
        Failure(
            .unavailable, code: "nats_no_stream",
            "No stream of JetStream stores messages to \(subject). Add a stream with that subject, then try again.")
    }

    static func natsRefused(_ subject: String, _ reason: String) -> Failure {
        Failure(
            .invalid, code: "nats_refused",
            "NATS refused the message to \(subject): \(reason). Correct what it names.")
    }

    static func natsUnavailable(_ subject: String, _ reason: String) -> Failure {
        Failure(
            .unavailable, code: "nats_unavailable",
            "JetStream does not store the message to \(subject) now: \(reason). Try again later.")
    }

    static func natsLoginRefused(_ server: String, _ reason: String) -> Failure {
        Failure(
            .unauthenticated, code: "nats_login_refused",
            "The NATS server \(server) lets nobody in as outbound.nats_url says: \(reason). Correct the login."
        )
    }

    static func natsProtocol(_ reason: String) -> Failure {
        Failure(
            .unavailable, code: "nats_protocol_error",
            "What answers is no NATS server with JetStream: \(reason). Correct outbound.nats_url.")
    }
}
