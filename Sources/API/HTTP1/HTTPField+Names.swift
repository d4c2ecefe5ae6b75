import HTTPTypes

extension HTTPField.Name {
    /// `X-Request-Id`
    static let requestID = Self.known("X-Request-Id")
    /// `traceparent`
    static let traceparent = Self.known("traceparent")
    /// `Cache-Status`
    static let cacheStatus = Self.known("Cache-Status")
    /// `Millrace-Position`
    static let position = Self.known("Millrace-Position")
    /// `Idempotency-Key`
    static let idempotencyKey = Self.known("Idempotency-Key")
    /// `Idempotency-Replayed`
    static let idempotencyReplayed = Self.known("Idempotency-Replayed")
    /// `X-API-Key`
    static let apiKey = Self.known("X-API-Key")
    /// `api-key`, as Qdrant's clients send it
    static let qdrantKey = Self.known("api-key")
    /// `X-Forwarded-For`
    static let forwardedFor = Self.known("X-Forwarded-For")
    /// `Forwarded`
    static let forwarded = Self.known("Forwarded")
    /// `RateLimit`
    static let rateLimit = Self.known("RateLimit")
    /// `RateLimit-Policy`
    static let rateLimitPolicy = Self.known("RateLimit-Policy")
    /// `Last-Event-ID`
    static let eventID = Self.known("Last-Event-ID")

    /// `Host`, which the library would have in the authority of a request of its own
    static let hostAddress = Self.known("Host")

    /// A name that our own code spells. A test holds that each is valid.
    private static func known(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .trailer
    }
}
