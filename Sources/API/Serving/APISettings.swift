public import Core

/// The settings of the HTTP server.
public enum APISettings {
    /// The address to listen on.
    public static let host = Setting(
        "api.host", default: "127.0.0.1", moves: "http_connections",
        "The address to listen on; 0.0.0.0 is every IPv4 address of the machine.")
    /// The port to listen on.
    public static let port = Setting(
        "api.port", default: 8080, unit: "port", bounds: 0...65_535, moves: "http_connections",
        "The port to listen on; 0 takes a free one.")
    /// How many connections may be open.
    public static let connectionsLimit = Setting(
        "api.connections_limit", default: 16_000, unit: "connections", bounds: 1...1_000_000,
        moves: "http_connections", "How many connections may be open before more are answered 503 and closed.")
    /// How long a connection may be silent.
    public static let idleTimeout = Setting(
        "api.idle_timeout", default: 60_000, unit: "ms", bounds: 50...3_600_000, moves: "http_connections",
        "How long a connection may be silent between requests, or leave an answer unread, before it is closed.")
    /// How long a request may take to arrive.
    public static let requestTimeout = Setting(
        "api.request_timeout", default: 30_000, unit: "ms", bounds: 50...3_600_000,
        moves: "http_requests_total{status=\"408\"}",
        "How long a request may take from its first byte to its last before the connection is closed.")
    /// How long requests in progress have at shutdown.
    public static let drainTimeout = Setting(
        "api.drain_timeout", default: 10_000, unit: "ms", bounds: 0...600_000, moves: "http_connections",
        "How long requests in progress may take to finish when the server stops.")
    /// How large the header of a request may be.
    public static let headerLimit = Setting(
        "api.header_limit", default: 32_768, unit: "bytes", bounds: 1_024...1_048_576,
        moves: "http_requests_total{status=\"431\"}", "How large the header of a request may be.")
    /// How large a body may be.
    public static let bodyLimit = Setting(
        "api.body_limit", default: 1_048_576, unit: "bytes", bounds: 1_024...1_073_741_824,
        moves: "http_requests_total{status=\"413\"}", "How large the body of a request may be.")
    /// How large the body of a bulk request may be.
    public static let bulkBodyLimit = Setting(
        "api.bulk_body_limit", default: 16_777_216, unit: "bytes", bounds: 1_024...1_073_741_824,
        moves: "http_requests_total{status=\"413\"}", "How large the body of a bulk request may be.")
    /// How much memory the bodies of all requests may take.
    public static let bodiesLimit = Setting(
        "api.bodies_limit", default: 268_435_456, unit: "bytes", bounds: 1_048_576...1_099_511_627_776,
        moves: "http_request_body_bytes",
        "How much memory the bodies of all requests together may take before more are answered 503.")
    /// How long a request waits for a position.
    public static let positionWait = Setting(
        "api.position_wait", default: 2_000, unit: "ms", bounds: 0...60_000,
        moves: "http_request_duration_seconds",
        "How long a request that carries Millrace-Position waits for the log to reach it.")
    /// How long idempotency keys are remembered.
    public static let idempotencyRetention = Setting(
        "api.idempotency_retention", default: 24, unit: "hours", bounds: 1...8_760,
        moves: "idempotency_keys_swept_total", "How long the answer to an Idempotency-Key is remembered at least.")
    /// How many streams a tenant may have.
    public static let streamsLimit = Setting(
        "api.streams_limit", default: 100, unit: "streams", bounds: 1...100_000, moves: "http_streams",
        "How many streams of changes a tenant may have open.")
    /// How many requests a tenant may send in a second.
    public static let tenantRequestRate = Setting(
        "api.tenant_request_rate", default: 0, unit: "requests/s", bounds: 0...1_000_000,
        moves: "rate_limited_requests_total",
        "How many requests each tenant may send to this instance in a second, over all of the API, before more are "
            + "answered 429; as many may come at once. 0 sets no limit.")

    /// All of them.
    public static let all: [AnySetting] = [
        host.erased, port.erased, connectionsLimit.erased, idleTimeout.erased, requestTimeout.erased,
        drainTimeout.erased, headerLimit.erased, bodyLimit.erased, bulkBodyLimit.erased, bodiesLimit.erased,
        positionWait.erased, idempotencyRetention.erased, streamsLimit.erased, tenantRequestRate.erased,
    ]
}
