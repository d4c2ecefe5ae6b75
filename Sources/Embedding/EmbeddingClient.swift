import Core
import Logging
import Outbound
import Synchronization
import Telemetry

/// Sends texts to the endpoint, again where that may help, and returns what became of each.
struct EmbeddingClient: Sendable {
    /// What requests have in common.
    struct Options: Sendable {
        let url: HTTPURL
        let model: String
        let headers: [HTTPHeader]
    }

    /// How long an answer may be at most, in bytes.
    private static let answerLimit = 256 << 20
    /// How many bytes a number of an answer may take, with what stands around it.
    private static let numberLength = 32

    private let options: Options
    private let sender: HTTPSender
    private let metrics: EmbeddingMetrics
    private let logger: Logger
    private let breaker = Breaker()

    init(_ options: Options, sender: HTTPSender, metrics: EmbeddingMetrics, logger: Logger) {
        self.options = options
        self.sender = sender
        self.metrics = metrics
        self.logger = logger
    }

    /// Why nothing is asked at present; nil when the endpoint is not left alone.
    var refusal: Failure? { breaker.pause.map(Self.leftAlone) }

    /// Asks for the vectors of texts until a moment.
    ///
    /// - parameters:
    ///   - dimensions: how many components are asked for; nil leaves that to the model.
    ///   - isWanted: whether anybody still waits for them, before each further attempt.
    /// - returns: what became of each text, in their order.
    func embed(
        _ texts: [String], dimensions: Int?, until deadline: ContinuousClock.Instant,
        while isWanted: @Sendable () -> Bool
    ) async -> [Result<[Float], Failure>] {
        var attempts = EmbeddingAttempts(until: deadline)
        while true {
            switch await attempt(texts, dimensions, until: deadline) {
            case .vectors(let vectors): return vectors.map { .success($0) }
            case .refused(let status, let reason):
                guard texts.count > 1 else { return [.failure(.textRefused(texts[0], status, reason))] }
                // One that is not acceptable must not take the others with it.
                let middle = texts.count / 2
                return await embed(Array(texts[..<middle]), dimensions: dimensions, until: deadline, while: isWanted)
                    + embed(Array(texts[middle...]), dimensions: dimensions, until: deadline, while: isWanted)
            case .failed(let failure): return fail(texts, failure)
            case .busy(let failure, let asked), .broken(let failure, let asked):
                var random = SystemRandomNumberGenerator()
                guard isWanted(), let pause = attempts.pause(atLeast: asked, at: .now, using: &random) else {
                    return fail(texts, failure)
                }
                do { try await Task.sleep(for: pause) } catch { return fail(texts, failure) }
            }
        }
    }

    private func fail(_ texts: [String], _ failure: Failure) -> [Result<[Float], Failure>] {
        logger.warning(
            "texts were not turned into vectors",
            metadata: ["texts": "\(texts.count)", "failure": "\(failure)"])
        return texts.map { _ in .failure(failure) }
    }

    private func attempt(
        _ texts: [String], _ dimensions: Int?, until deadline: ContinuousClock.Instant
    ) async -> EmbeddingReply {
        if let pause = breaker.admit() { return .busy(Self.leftAlone(pause), pause: pause) }
        let start = ContinuousClock.now
        let (reply, outcome) = await send(texts, dimensions, within: max(.milliseconds(1), deadline - start))
        metrics.observe(outcome, texts: texts.count, took: .now - start)
        breaker.note(reply)
        return reply
    }

    private func send(
        _ texts: [String], _ dimensions: Int?, within time: Duration
    ) async -> (EmbeddingReply, outcome: String) {
        do throws(Failure) {
            let answer = try await sender.send(
                HTTPRequest(
                    options.url, headers: options.headers, body: body(texts, dimensions), timeout: time,
                    responseLimit: .whole(answerLimit(texts.count, dimensions))))
            let reply = EmbeddingReply.read(
                status: answer.status, body: answer.body, pause: answer.retryAfter, count: texts.count)
            return (reply, "\(answer.status / 100)xx")
        } catch {
            return (Self.reply(to: error), error.code)
        }
    }

    /// What a request comes to that was not answered.
    private static func reply(to failure: Failure) -> EmbeddingReply {
        switch failure.code {
        case "stopping", "cancelled": .failed(failure)
        case "response_too_large": .failed(.embeddingInvalid("its answer is too large"))
        case "timeout": .broken(.embeddingTimeout, pause: nil)
        // Where it is belongs to the log.
        default:
            .broken(.embeddingUnavailable("it cannot be reached (\(failure.code))", cause: failure), pause: nil)
        }
    }

    private static func leftAlone(_ pause: Duration) -> Failure {
        .embeddingUnavailable(
            "it has failed too often and is left alone for a while",
            retryAfter: max(1, Int(pause.components.seconds)))
    }

    private func body(_ texts: [String], _ dimensions: Int?) -> [UInt8] {
        var json = JSONWriter(capacity: texts.reduce(256) { $0 + $1.utf8.count + 8 })
        json.object { json in
            json.member("model", options.model)
            json.member("input", array: texts)
            if let dimensions { json.member("dimensions", dimensions) }
        }
        return json.bytes
    }

    private func answerLimit(_ count: Int, _ dimensions: Int?) -> Int {
        // A model that makes larger vectors than expected is to be told from one that answers without end.
        let components = max(8_192, 2 * (dimensions ?? 0))
        return min(Self.answerLimit, 65_536 + count * components * Self.numberLength)
    }
}

/// A circuit breaker with a clock.
private final class Breaker: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex(CircuitBreaker(.destination))

    private var now: Duration { .now - start }

    /// How long nobody may ask; nil when somebody may now.
    var pause: Duration? {
        let now = now
        return state.withLock { $0.retryTime(at: now) }.map { $0 - now }
    }

    /// Returns nil when the caller may ask, and then has to ``note(_:)`` what came of it; else how long to wait.
    func admit() -> Duration? {
        let now = now
        return state.withLock { breaker in
            if breaker.admit(at: now) { return nil }
            return (breaker.retryTime(at: now) ?? now) - now
        }
    }

    func note(_ reply: EmbeddingReply) {
        let now = now
        state.withLock { breaker in
            switch reply {
            case .vectors, .refused, .failed: breaker.succeed()
            case .busy: breaker.release()
            case .broken: breaker.fail(at: now)
            }
        }
    }
}
