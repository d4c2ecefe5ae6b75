import Core
import HTTPTypes

/// Why a request is answered before it has arrived whole.
enum Refusal: Sendable, Equatable {
    /// Its body is larger than its route allows.
    case bodyTooLarge(limit: Int)
    /// The bodies of all requests take all the memory that they may.
    case bodiesTooLarge
    /// It takes too long to arrive.
    case tooSlow

    /// The failure that its client is told of.
    var failure: Failure {
        switch self {
        case .bodyTooLarge(let limit):
            Failure(
                .tooLarge, code: "body_too_large", "The body may have \(limit) bytes at most. Send less at once.",
                details: [.init("limit", .integer(limit))])
        case .bodiesTooLarge:
            Failure(
                .unavailable, code: "too_many_bodies",
                "Too many large requests arrive at once. Try again in a moment.", retryAfter: 1)
        case .tooSlow:
            Failure(.timeout, code: "request_timeout", "The request took too long to arrive. Send it again.")
        }
    }

    /// The status, where the kind of the failure does not decide it.
    var status: HTTPResponse.Status? { self == .tooSlow ? .requestTimeout : nil }
}
