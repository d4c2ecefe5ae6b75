import Core
import Outbound

/// A model behind HTTP: sends it requests, again where that may help, and leaves it alone while it fails too often.
struct ModelEndpoint: Sendable {
    /// What it is called.
    let terms: EndpointTerms
    private let url: HTTPURL
    private let headers: [HTTPHeader]
    private let sender: HTTPSender
    private let metrics: EndpointMetrics
    private let breaker = EndpointBreaker()

    /// - parameter key: is sent as a bearer token; an empty one is not.
    /// - throws: ``Failure`` `…_key_invalid` for a key that cannot be sent.
    init(
        _ url: HTTPURL, key: String, terms: EndpointTerms, sender: HTTPSender, metrics: EndpointMetrics
    ) throws(Failure) {
        self.url = url
        headers = try Self.headers(key, terms)
        self.terms = terms
        self.sender = sender
        self.metrics = metrics
    }

    private static func headers(_ key: String, _ terms: EndpointTerms) throws(Failure) -> [HTTPHeader] {
        let type = try HTTPHeader("content-type", "application/json")
        guard !key.isEmpty else { return [type] }
        do throws(Failure) {
            return [type, try HTTPHeader("authorization", "Bearer \(key)")]
        } catch {
            throw terms.keyInvalid
        }
    }

    /// Why nothing is asked at present; nil when the endpoint is not left alone.
    var refusal: Failure? { breaker.pause.map(leftAlone) }

    /// Sends a request until it is answered or a moment has come.
    ///
    /// - parameters:
    ///   - answerLimit: how long an answer may be at most, in bytes.
    ///   - isWanted: whether anybody still waits for it, before each further attempt.
    ///   - note: is told of each attempt.
    ///   - read: reads the body of an answer that is none of failure.
    func ask<Value>(
        _ body: [UInt8], answerLimit: Int, until deadline: ContinuousClock.Instant,
        while isWanted: @Sendable () -> Bool, noting note: @Sendable () -> Void = {},
        _ read: @Sendable ([UInt8]) throws(Failure) -> Value
    ) async -> EndpointReply<Value> {
        var attempts = EndpointAttempts(until: deadline)
        while true {
            let reply = await attempt(body, answerLimit: answerLimit, until: deadline, noting: note, read)
            switch reply {
            case .value, .refused, .failed: return reply
            case .busy(_, let asked), .broken(_, let asked):
                var random = SystemRandomNumberGenerator()
                guard isWanted(), let pause = attempts.pause(atLeast: asked, at: .now, using: &random) else {
                    return reply
                }
                do { try await Task.sleep(for: pause) } catch { return reply }
            }
        }
    }

    private func attempt<Value>(
        _ body: [UInt8], answerLimit: Int, until deadline: ContinuousClock.Instant, noting note: @Sendable () -> Void,
        _ read: @Sendable ([UInt8]) throws(Failure) -> Value
    ) async -> EndpointReply<Value> {
        if let pause = breaker.admit() { return .busy(leftAlone(pause), pause: pause) }
        let start = ContinuousClock.now
        let (reply, outcome): (EndpointReply<Value>, String)
        do throws(Failure) {
            let answer = try await sender.send(
                HTTPRequest(
                    url, headers: headers, body: body, timeout: max(.milliseconds(1), deadline - start),
                    responseLimit: .whole(answerLimit)))
            reply = .read(
                status: answer.status, body: answer.body, pause: answer.retryAfter, terms: terms, read)
            outcome = "\(answer.status / 100)xx"
        } catch {
            (reply, outcome) = (.unanswered(error, terms: terms), error.code)
        }
        metrics.observe(outcome, took: .now - start)
        note()
        breaker.note(reply)
        return reply
    }

    private func leftAlone(_ pause: Duration) -> Failure {
        terms.unavailable(
            "it has failed too often and is left alone for a while",
            retryAfter: max(1, Int(pause.components.seconds)))
    }
}
