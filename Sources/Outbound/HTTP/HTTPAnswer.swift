/// What a server answered.
public struct HTTPAnswer: Sendable {
    /// The status, from 200 to 599. A redirection is an answer like another; it is never followed.
    public let status: Int
    /// How long the server asks to wait before another try (`Retry-After`), at most a year; nil when it does not say.
    public let retryAfter: Duration?
    /// The body, or its beginning.
    public let body: [UInt8]
    /// Whether the body went on.
    public let isTruncated: Bool
    /// How long it took, from the call to the last byte that was read.
    public let duration: Duration

    /// Whether the server did what it was asked: a status from 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(status) }
}
