public import Core
public import Logging
import Outbound
public import Telemetry

/// Says how well texts answer a query, by a model that reads each of them together with the query (a cross-encoder),
/// behind HTTP (``RankingFormat``).
public final class CrossEncoder: Sendable {
    /// What it asks, and how.
    public struct Options: Sendable {
        private(set) var url: RankingURL
        /// What the endpoint calls the model.
        public var model = ""
        /// What opens the endpoint; an empty one is not sent.
        public var key = ""
        /// How it is asked.
        public var format = RankingFormat.cohere
        /// How long the scores of a query may take, with all attempts.
        public var timeout = Duration.seconds(10)
        /// How many texts go with one request.
        public var batch = 32

        /// Options for an endpoint.
        public init(_ url: RankingURL) { self.url = url }
    }

    private typealias Scores = (place: Int, result: Result<[Double], Failure>)

    /// How many requests for one query are under way at a time.
    static let concurrency = 4
    /// How long requests have to end by themselves when the time is up.
    private static let grace = Duration.milliseconds(250)
    /// How long an answer may be at most, in bytes.
    private static let answerLimit = 64 << 20

    private let options: Options
    private let sender: HTTPSender
    private let endpoint: ModelEndpoint
    private let metrics: EndpointMetrics
    private let texts: Counter
    private let logger: Logger

    /// Since it is the operator who names the endpoint, it may be anywhere, on this machine too.
    ///
    /// - throws: ``Failure`` `reranker_key_invalid` for a key that cannot be sent, `tls_settings_invalid`.
    public init(
        _ options: Options, settings: SettingsValues, metrics registry: MetricsRegistry, logger: Logger
    ) throws(Failure) {
        self.options = options
        self.logger = logger
        metrics = EndpointMetrics(
            registry, .ranking, failures: "Queries whose texts were not ranked, by what was wrong.")
        texts = registry.counter(
            "reranker_texts_total", "Texts that were sent to the endpoint of knowledge.reranker.url, each attempt."
        ).with()
        sender = try HTTPSender(settings: settings, metrics: registry, networks: .everything)
        endpoint = try ModelEndpoint(
            options.url.endpoint, key: options.key, terms: .ranking, sender: sender, metrics: metrics)
    }

    /// How well each of some texts answers a query, the higher the better; what the numbers mean depends on the model.
    ///
    /// - throws: ``Failure``: `reranker_unavailable` and `reranker_timeout`, which may pass; `reranker_refused` and
    ///   `reranker_invalid`, which name the setting to correct; `cancelled`, `stopping`.
    public func scores(of texts: [String], for query: String) async throws(Failure) -> [Double] {
        guard !texts.isEmpty else { return [] }
        do throws(Failure) {
            if let refusal = endpoint.refusal { throw refusal }
            return try await ask(texts, query).get()
        } catch {
            metrics.count(error)
            logger.warning("texts were not ranked", metadata: ["texts": "\(texts.count)", "failure": "\(error)"])
            throw error
        }
    }

    /// Ends what is under way.
    public func close() { sender.close() }

    private func ask(_ texts: [String], _ query: String) async -> Result<[Double], Failure> {
        let deadline = ContinuousClock.now + options.timeout
        let starts = Array(stride(from: 0, to: texts.count, by: options.batch))
        return await withTaskGroup(of: Scores.self) { group in
            // Requests may wait for connections as well, so the time is kept here too; theirs tells the breaker.
            group.addTask {
                do { try await Task.sleep(until: deadline + Self.grace, clock: .continuous) } catch {
                    return (0, .failure(Self.cancelled))
                }
                return (0, .failure(EndpointTerms.ranking.timeout))
            }
            func begin(_ place: Int) {
                let batch = Array(texts[starts[place]..<min(starts[place] + options.batch, texts.count)])
                group.addTask { (place, await self.send(batch, query, until: deadline)) }
            }
            for place in starts.indices.prefix(Self.concurrency) { begin(place) }
            var found = [[Double]](repeating: [], count: starts.count)
            var (begun, finished) = (min(starts.count, Self.concurrency), 0)
            defer { group.cancelAll() }
            for await (place, result) in group {
                switch result {
                case .failure(let failure): return .failure(failure)
                case .success(let scores): found[place] = scores
                }
                finished += 1
                if finished == starts.count { break }
                if begun < starts.count {
                    begin(begun)
                    begun += 1
                }
            }
            return .success(found.flatMap(\.self))
        }
    }

    private func send(
        _ batch: [String], _ query: String, until deadline: ContinuousClock.Instant
    ) async -> Result<[Double], Failure> {
        let body = options.format.body(batch, for: query, model: options.model)
        // Some send the texts back, with characters beyond ASCII escaped.
        let answerLimit = min(Self.answerLimit, 65_536 + 256 * batch.count + 6 * body.count)
        let reply: RankingReply = await endpoint.ask(
            body, answerLimit: answerLimit, until: deadline, while: { !Task.isCancelled },
            noting: { texts.increment(by: batch.count) },
            { body throws(Failure) in try RankingReply.scores(body, count: batch.count) })
        return switch reply {
        case .value(let scores): .success(scores)
        case .refused(let status, let reason):
            .failure(EndpointTerms.ranking.unacceptable(batch.count, status, reason))
        case .failed(let failure), .busy(let failure, _), .broken(let failure, _): .failure(failure)
        }
    }

    private static var cancelled: Failure {
        Failure(.unavailable, code: "cancelled", "Whoever wanted the texts ranked gave it up before they were.")
    }
}
