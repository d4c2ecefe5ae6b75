import Core
import Logging
import Telemetry
import TestKit
import Testing

@testable import Embedding

/// Something that turns texts into vectors, and the endpoint that it asks.
struct EmbeddingWorld: Sendable {
    let endpoint: WebhookReceiver
    let embedder: Embedder
    let metrics = MetricsRegistry()

    init(
        _ settings: [String: String] = [:],
        answer: @escaping @Sendable (WebhookReceiver.Request) -> WebhookReceiver.Answer = {
            EmbeddingEndpoint.answer($0)
        }
    ) async throws {
        endpoint = try await WebhookReceiver(answer: answer)
        let texts = ["embedding.url": endpoint.url("/v1")].merging(settings) { $1 }
        let values = try SettingsRegistry(EmbeddingSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts)
        ])
        embedder = try #require(
            try Embedder(settings: values, metrics: metrics, logger: Logger(label: "test")))
    }

    /// Where vectors of a number of components go.
    static func space(_ dimensions: Int = EmbeddingEndpoint.dimensions) -> VectorSpace {
        VectorSpace("collection", dimensions: dimensions, setting: "memories.dimensions")
    }

    /// The vectors of texts.
    func vectors(_ texts: String..., dimensions: Int = EmbeddingEndpoint.dimensions) async throws -> [[Float]] {
        try await embedder.vectors(of: texts.map { .init($0, for: Self.space(dimensions)) })
    }

    /// Why texts are not turned into vectors.
    func failure(_ texts: String..., dimensions: Int = EmbeddingEndpoint.dimensions) async -> Failure? {
        do throws(Failure) {
            _ = try await embedder.vectors(of: texts.map { .init($0, for: Self.space(dimensions)) })
            return nil
        } catch {
            return error
        }
    }

    /// The texts of each request that came.
    var requests: [[String]] { endpoint.requests.map { EmbeddingEndpoint.texts(of: $0) } }

    /// A line of the metrics, by how it begins.
    func metric(_ prefix: String) -> String? {
        String(decoding: PrometheusExposition.text(of: metrics), as: UTF8.self).split(separator: "\n").map(String.init)
            .first { $0.hasPrefix(prefix) }
    }

    /// Waits until something holds that happens by itself.
    func wait(until holds: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            if holds() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("It did not happen within a minute.")
    }
}
