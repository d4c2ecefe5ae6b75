import Core

/// Why documents could not be stored. Its kind says whether that may pass (``Failure/Kind/mayPass``).
extension Failure {
    static func documentInvalid(_ reason: String) -> Failure {
        Failure(.invalid, code: "document_invalid", "The document \(reason).")
    }

    static func documentDeferred(_ status: Int, _ reason: String) -> Failure {
        Failure(
            .unavailable, code: "document_deferred",
            "The document is not stored now (\(status)): \(reason). Try again later.")
    }

    static func documentRefused(_ status: Int, _ reason: String) -> Failure {
        Failure(
            .invalid, code: "document_refused",
            "The document is refused (\(status)): \(reason). Correct it, or the mapping of its index.")
    }

    static func bulkTooLarge(_ size: String) -> Failure {
        Failure(
            .tooLarge, code: "bulk_too_large", "\(size) are too much for one request. Send fewer documents at once.")
    }

    static func bulkUnavailable(_ answer: HTTPAnswer) -> Failure {
        Failure(
            .unavailable, code: "bulk_unavailable",
            "The server of documents answers \(answer.status). Try again later.",
            retryAfter: answer.retryAfter.map { Int($0.components.seconds) })
    }

    static func bulkRefused(_ answer: HTTPAnswer) -> Failure {
        Failure(
            .invalid, code: "bulk_refused",
            "The server of documents answers \(answer.status): "
                + "\(String(decoding: answer.body.prefix(300), as: UTF8.self)). "
                + "Correct its address or the credential.")
    }

    static func bulkAnswerInvalid(_ reason: String) -> Failure {
        Failure(
            .unavailable, code: "bulk_answer_invalid",
            "What answers to _bulk is neither Elasticsearch nor OpenSearch: \(reason). Correct its address.")
    }
}
