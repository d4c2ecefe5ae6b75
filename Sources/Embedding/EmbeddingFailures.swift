import Core

/// Why a text was not turned into a vector, beside what ``EndpointTerms`` has. The codes are stable: they are labels of
/// metrics.
extension Failure {
    static var embeddingOverloaded: Failure {
        Failure(
            .unavailable, code: "embedding_overloaded",
            "Too many texts wait to be turned into vectors. Send less at once, or raise embedding.concurrency or "
                + "embedding.waiting_limit.", retryAfter: 1)
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
