import Core
import Embedding
import Logging
import Telemetry
import TestKit
import Testing

@testable import Knowledge

@Suite("Settings of the cross-encoder", .timeLimit(.minutes(5)))
struct RerankerSettingsTests {
    private func encoder(_ texts: [String: String]) throws -> CrossEncoder? {
        let settings = try SettingsRegistry(RerankerSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts)
        ])
        return try CrossEncoder(settings: settings, metrics: MetricsRegistry(), logger: Logger(label: "test"))
    }

    @Test("Without an address there is none")
    func none() throws {
        #expect(try encoder(["knowledge.reranker.model": "x"]) == nil)
    }

    @Test("Each setting moves what it says")
    func moves() async throws {
        let endpoint = try await WebhookReceiver { RankingEndpoint.answer($0) }
        let own = [
            "knowledge.reranker.url": endpoint.url("/v1"), "knowledge.reranker.model": "reader",
            "knowledge.reranker.api_key": "sk-1", "knowledge.reranker.batch": "2",
        ]
        _ = try await encoder(own)?.scores(of: ["a", "b", "c"], for: "a")
        #expect(endpoint.count == 2)
        let request = try #require(endpoint.requests.first)
        #expect(request.path == RankingEndpoint.path && request["authorization"] == "Bearer sk-1")
        #expect(EmbeddingEndpoint.body(of: request)?["model"] == .string("reader"))
        let other = own.merging(["knowledge.reranker.format": "tei"]) { $1 }
        #expect(try await encoder(other)?.scores(of: ["a"], for: "a") == [1])
        let last = try #require(endpoint.requests.last)
        #expect(EmbeddingEndpoint.body(of: last)?["texts"] == .array([.string("a")]))
        endpoint.answer { _ in .silence }
        let slow = try encoder(own.merging(["knowledge.reranker.timeout": "200"]) { $1 })
        let failure = await #expect(throws: Failure.self) { try await slow?.scores(of: ["a"], for: "a") }
        #expect(failure?.code == "reranker_timeout" && failure?.message.contains("knowledge.reranker.timeout") == true)
    }

    @Test("The key is not shown")
    func secret() throws {
        let values = try SettingsRegistry(RerankerSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["knowledge.reranker.api_key": "sk-1"])
        ])
        #expect(values.entry(RerankerSettings.apiKey.erased).shownText == "***")
    }
}
