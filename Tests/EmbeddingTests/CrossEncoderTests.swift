import Core
import Logging
import Telemetry
import TestKit
import Testing

@testable import Embedding

/// Texts are ranked by a server that answers over HTTP.
@Suite(.timeLimit(.minutes(5))) struct CrossEncoderTests {
    /// Something that ranks, and the endpoint that it asks.
    private struct World {
        let endpoint: WebhookReceiver
        let encoder: CrossEncoder
        let metrics = MetricsRegistry()

        init(
            path: String = "/v1", key: String = "", format: RankingFormat = .cohere, timeout: Duration = .seconds(10),
            batch: Int = 32,
            answer: @escaping @Sendable (WebhookReceiver.Request) -> WebhookReceiver.Answer = {
                RankingEndpoint.answer($0)
            }
        ) async throws {
            endpoint = try await WebhookReceiver(answer: answer)
            var options = CrossEncoder.Options(try RankingURL(endpoint.url(path)))
            options.model = "reader"
            (options.key, options.format) = (key, format)
            (options.timeout, options.batch) = (timeout, batch)
            encoder = try CrossEncoder(
                options, settings: .defaults, metrics: metrics, logger: Logger(label: "test"))
        }

        func failure(_ texts: [String] = ["tea"]) async -> Failure? {
            do throws(Failure) {
                _ = try await encoder.scores(of: texts, for: "tea")
                return nil
            } catch {
                return error
            }
        }

        /// Whether the metrics have a line.
        func counts(_ line: String) -> Bool { lines.contains { $0 == line } }

        /// How often the endpoint was asked, whether or not that came to it.
        var attempts: Int {
            let line = lines.first { $0.hasPrefix("reranker_request_duration_seconds_count ") }
            return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }

        private var lines: [Substring] {
            String(decoding: PrometheusExposition.text(of: metrics), as: UTF8.self).split(separator: "\n")
        }
    }

    @Test func scoresComeInTheOrderOfTheTexts() async throws {
        let world = try await World(key: "sk-1")
        let texts = ["green tea", "tea", "coffee"]
        #expect(try await world.encoder.scores(of: texts, for: "tea") == [0.5, 1, 0])
        let request = try #require(world.endpoint.requests.first)
        #expect(request.path == RankingEndpoint.path && request["authorization"] == "Bearer sk-1")
        let body = try #require(EmbeddingEndpoint.body(of: request))
        #expect(body.members.map(\.name).sorted() == ["documents", "model", "query", "top_n"])
        #expect(body["model"] == .string("reader") && body["top_n"] == .integer(3))
        #expect(try await world.encoder.scores(of: [], for: "tea").isEmpty && world.endpoint.count == 1)
        #expect(world.counts(#"reranker_requests_total{outcome="2xx"} 1"#) && world.counts("reranker_texts_total 3"))
        #expect(world.counts("reranker_request_duration_seconds_count 1"))
    }

    @Test func theOtherFormIsAskedAndReadToo() async throws {
        let world = try await World(path: "", format: .inference)
        #expect(try await world.encoder.scores(of: ["coffee", "tea"], for: "tea") == [0, 1])
        let request = try #require(world.endpoint.requests.first)
        #expect(request.path == "/rerank" && request["authorization"] == nil)
        let body = try #require(EmbeddingEndpoint.body(of: request))
        #expect(body.members.map(\.name).sorted() == ["query", "texts", "truncate"])
    }

    @Test func batchesAreNoLargerThanAllowedAndBelongTogether() async throws {
        let world = try await World(batch: 3) { RankingEndpoint.answer($0, echoes: true) }
        let texts = (0..<20).map { number in Array(repeating: "tea", count: number + 1).joined(separator: " ") + " x" }
        let scores = try await world.encoder.scores(of: texts, for: "tea")
        #expect(scores == texts.map { RankingEndpoint.score($0, for: "tea") })
        #expect(world.endpoint.requests.map { RankingEndpoint.texts(of: $0).count }.sorted() == [2, 3, 3, 3, 3, 3, 3])
    }

    @Test func onlyAFewRequestsForAQueryAreUnderWay() async throws {
        let world = try await World(timeout: .seconds(3), batch: 1) { _ in .silence }
        async let failure = world.failure(Array(repeating: "tea", count: 9))
        try await world.endpoint.waitForRequests(CrossEncoder.concurrency)
        #expect(await failure?.code == "reranker_timeout")
        #expect(world.endpoint.count == CrossEncoder.concurrency)
        #expect(world.counts(#"reranker_failures_total{code="reranker_timeout"} 1"#))
    }

    @Test func whatMayPassIsTriedAgain() async throws {
        let world = try await World { request in
            switch request.number {
            case 1: .drop
            case 2: .status(503)
            default: RankingEndpoint.answer(request)
            }
        }
        #expect(await world.failure() == nil && world.endpoint.count == 3)
    }

    @Test func whatSomebodyMustCorrectIsNotTriedAgain() async throws {
        let world = try await World { _ in .status(401, body: "no") }
        let refused = await world.failure()
        #expect(refused?.code == "reranker_refused" && refused?.kind == .badGateway)
        #expect(refused?.message.contains("knowledge.reranker.api_key") == true)
        world.endpoint.answer { _ in .status(200, body: #"{"results":[]}"#) }
        #expect(await world.failure()?.code == "reranker_invalid")
        world.endpoint.answer { _ in .status(422, body: #"{"error":"batch too large"}"#) }
        let large = await world.failure(["a", "b"])
        #expect(large?.code == "reranker_refused" && large?.kind == .badGateway)
        #expect(large?.message.contains("422: batch too large. Lower knowledge.reranker.batch") == true)
        #expect(world.endpoint.count == 3)
    }

    @Test func anAnswerWithoutEndIsRefused() async throws {
        let world = try await World { _ in .status(200, body: String(repeating: " ", count: 200_000)) }
        let failure = await world.failure()
        #expect(failure?.code == "reranker_invalid" && failure?.message.contains("its answer is too large") == true)
    }

    @Test(arguments: [WebhookReceiver.Answer.status(500), .silence])
    func anEndpointThatFailsTooOftenIsLeftAlone(answer: WebhookReceiver.Answer) async throws {
        let world = try await World(timeout: .seconds(answer.isSilent ? 0.3 : 1)) { _ in answer }
        var failures: [Failure?] = []
        while failures.count < 20, failures.last??.message.contains("left alone") != true {
            failures.append(await world.failure())
        }
        let last = failures.last ?? nil
        #expect(last?.message.contains("left alone") == true && last?.code == "reranker_unavailable")
        let count = world.endpoint.count
        #expect(await world.failure()?.code == "reranker_unavailable")
        #expect(world.endpoint.count == count && world.attempts == 10)
    }

    @Test func whoGivesUpWaitsNoLonger() async throws {
        let world = try await World { _ in .silence }
        let call = Task { await world.failure() }
        try await world.endpoint.waitForRequests(1)
        call.cancel()
        #expect(await call.value?.code == "cancelled")
    }

    @Test func aKeyThatCannotBeSentIsNamed() async throws {
        let failure = await #expect(throws: Failure.self) { _ = try await World(key: "sk-1\n") }
        #expect(failure?.code == "reranker_key_invalid" && failure?.message.contains("sk-1") == false)
        #expect(failure?.message.contains("knowledge.reranker.api_key") == true)
    }
}
