public import Core
public struct SMTPClient: Sendable { public func send(_ m: EmailMessage, timeout: Duration) async throws {} }
public struct EmailMessage: Sendable {
    public let to: [String]; public let subject: String; public let text: String?; public let html: String?
    public init(to: [String], cc: [String], replyTo: String?, subject: String, text: String?, html: String?, messageID: String, date: Timestamp) { self.to = to; self.subject = subject; self.text = text; self.html = html }
}
public struct NATSClient: Sendable { public func publish(_ p: [UInt8], to: String, messageID: String, timeout: Duration) async throws {} }
public struct BulkRequest: Sendable {
    public struct Result: Sendable { public let status: Int; public let failure: Problem? }
    public struct Problem: Sendable { public let message: String; public let isTransient: Bool }
    public init() {}
    public mutating func index(_ s: [UInt8], id: String, into: String) {}
    public func send(to: HTTPURL, headers: [HTTPHeader], through: HTTPSender, timeout: Duration) async throws -> [Result] { [] }
}
public struct CircuitBreaker: Sendable {
    public enum P: Sendable { case destination }
    public init(_ p: P) {}
    public func retryTime(at: Duration) -> Duration? { nil }
    public mutating func admit(at: Duration) -> Bool { true }
    public mutating func succeed(at: Duration) {}
    public mutating func fail(at: Duration) {}
    public mutating func release(at: Duration) {}
}
public struct TokenBucket: Sendable {
    public let rate: Double
    public init(rate: Double, burst: Double) { self.rate = rate }
    public mutating func take(at: Duration) -> Duration? { nil }
}
