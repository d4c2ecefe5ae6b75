import Core

/// Why a text was not turned into a vector. The codes are stable: they are labels of metrics.
extension Failure {
    static func embeddingUnavailable(
        _ reason: String, retryAfter: Int? = nil, cause: (any Error)? = nil
    ) -> Failure {
        Failure(
            .unavailable, code: "embedding_unavailable",
            "The endpoint of embedding.url makes no vectors now: \(reason). Try again, or send the vector.",
            retryAfter: retryAfter ?? 1, cause: cause)
    }

    static var embeddingKeyInvalid: Failure {
        Failure(
            .invalid, code: "embedding_key_invalid",
            "embedding.api_key has a line break or another control character, so it cannot be sent. Set it without.")
    }

    static var embeddingOverloaded: Failure {
        Failure(
            .unavailable, code: "embedding_overloaded",
            "Too many texts wait to be turned into vectors. Send less at once, or raise embedding.concurrency or "
                + "embedding.waiting_limit.", retryAfter: 1)
    }

    static var embeddingTimeout: Failure {
        Failure(
            .gatewayTimeout, code: "embedding_timeout",
            "The endpoint of embedding.url made no vector in time. Find out what keeps it, send less at once, or raise "
                + "embedding.timeout.")
    }

    static func embeddingRefused(_ status: Int, _ reason: String) -> Failure {
        let remedy =
            switch status {
            case 401, 403: "Correct embedding.api_key"
            case 300..<400: "Set embedding.url to where it points; redirections are not followed"
            default: "Correct embedding.url or embedding.model"
            }
        let said = reason.isEmpty ? "" : ": \(reason)"
        return Failure(
            .badGateway, code: "embedding_refused",
            "The endpoint of embedding.url answers \(status)\(said). \(remedy).")
    }

    static func embeddingInvalid(_ reason: String) -> Failure {
        Failure(
            .badGateway, code: "embedding_invalid",
            "What answers at embedding.url is no OpenAI-compatible endpoint: \(reason). Correct embedding.url.")
    }

    static func embeddingDimensions(_ count: Int, in space: VectorSpace, model: String) -> Failure {
        Failure(
            .badGateway, code: "embedding_dimensions_differ",
            "The model \(model) makes vectors of \(count) components, and the \(space.owner) has \(space.dimensions). "
                + "Set embedding.model to one that fits, embedding.request_dimensions to true if it can shorten its "
                + "vectors, or \(space.setting) to \(count) before anything is written.")
    }

    static func embeddingIsZero(model: String) -> Failure {
        Failure(
            .badGateway, code: "embedding_zero",
            "The model \(model) makes a vector of zeros, which is near to nothing. Set embedding.model to another one.")
    }

    /// The endpoint does not take a text, whatever else goes with it.
    static func textRefused(_ text: String, _ status: Int, _ reason: String) -> Failure {
        Failure(
            .invalid, code: "text_refused",
            "The text that begins with \"\(text.prefix(40))\" is not turned into a vector: the endpoint of "
                + "embedding.url answers \(status): \(reason). Send a shorter text, or its vector.")
    }
}
