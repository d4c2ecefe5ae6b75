import Core
import Logging
import Outbound
import Telemetry

/// Sends texts to the endpoint, and returns what became of each.
struct EmbeddingClient: Sendable {
    /// How long an answer may be at most, in bytes.
    private static let answerLimit = 256 << 20
    /// How many bytes a number of an answer may take, with what stands around it.
    private static let numberLength = 32

    private let endpoint: ModelEndpoint
    /// What the endpoint calls the model.
    private let model: String
    private let metrics: EmbeddingMetrics
    private let logger: Logger

    init(_ endpoint: ModelEndpoint, model: String, metrics: EmbeddingMetrics, logger: Logger) {
        self.endpoint = endpoint
        self.model = model
        self.metrics = metrics
        self.logger = logger
    }

    /// Why nothing is asked at present; nil when the endpoint is not left alone.
    var refusal: Failure? { endpoint.refusal }

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
        let reply: EmbeddingReply = await endpoint.ask(
            body(texts, dimensions), answerLimit: answerLimit(texts.count, dimensions), until: deadline,
            while: isWanted, noting: { metrics.texts.increment(by: texts.count) },
            { body throws(Failure) in try EmbeddingReply.vectors(body, count: texts.count) })
        switch reply {
        case .value(let vectors): return vectors.map { .success($0) }
        case .refused(let status, let reason):
            guard texts.count > 1 else { return [.failure(.textRefused(texts[0], status, reason))] }
            // One that is not acceptable must not take the others with it.
            let middle = texts.count / 2
            return await embed(Array(texts[..<middle]), dimensions: dimensions, until: deadline, while: isWanted)
                + embed(Array(texts[middle...]), dimensions: dimensions, until: deadline, while: isWanted)
        case .failed(let failure), .busy(let failure, _), .broken(let failure, _):
            logger.warning(
                "texts were not turned into vectors",
                metadata: ["texts": "\(texts.count)", "failure": "\(failure)"])
            return texts.map { _ in .failure(failure) }
        }
    }

    private func body(_ texts: [String], _ dimensions: Int?) -> [UInt8] {
        var json = JSONWriter(capacity: texts.reduce(256) { $0 + $1.utf8.count + 8 })
        json.object { json in
            json.member("model", model)
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
