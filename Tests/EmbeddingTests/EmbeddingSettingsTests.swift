import Core
import Logging
import Telemetry
import TestKit
import Testing

@testable import Embedding

/// Each setting moves what it says.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingSettingsTests {
    @Test func withoutAnAddressThereIsNone() throws {
        let made = try Embedder(
            settings: .defaults, metrics: MetricsRegistry(), logger: Logger(label: "test"))
        #expect(made == nil)
    }

    @Test func theEndpointIsToldTheModelAndTheKey() async throws {
        let world = try await EmbeddingWorld(["embedding.model": "own", "embedding.api_key": "sk-1"])
        _ = try await world.vectors("tea")
        let request = try #require(world.endpoint.requests.first)
        #expect(request.path == EmbeddingEndpoint.path && request["authorization"] == "Bearer sk-1")
        let body = try #require(EmbeddingEndpoint.body(of: request))
        #expect(body.members.map(\.name) == ["model", "input"] && body["model"] == .string("own"))
        #expect(world.embedder.model == "own")
        let plain = try await EmbeddingWorld()
        _ = try await plain.vectors("tea")
        #expect(plain.endpoint.requests.first.map { $0["authorization"] == nil } == true)
    }

    @Test func theKeyIsNotShown() throws {
        let registry = try SettingsRegistry(EmbeddingSettings.all)
        let values = try registry.values(from: [
            SettingsSource(name: "test", texts: ["embedding.api_key": "sk-1"])
        ])
        #expect(values[EmbeddingSettings.apiKey] == "sk-1")
        #expect(values.entry(EmbeddingSettings.apiKey.erased).shownText == "***")
        #expect(SettingsValues.defaults.entry(EmbeddingSettings.apiKey.erased).shownText.isEmpty)
    }

    @Test func aKeyThatCannotBeSentIsNamed() async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await EmbeddingWorld(["embedding.api_key": "sk-1\n"])
        }
        #expect(failure?.code == "embedding_key_invalid" && failure?.message.contains("sk-1") == false)
    }

    @Test func theEndpointIsAskedForTheDimensionsOfTheSetting() async throws {
        let world = try await EmbeddingWorld(["embedding.request_dimensions": "true"]) { request in
            guard case .number(let size)? = EmbeddingEndpoint.body(of: request)?["dimensions"] else { return .drop }
            return EmbeddingEndpoint.answer(request, dimensions: Int(size) ?? 0)
        }
        _ = try await world.vectors("tea")
        let request = try #require(world.endpoint.requests.first)
        #expect(EmbeddingEndpoint.body(of: request)?["dimensions"] == .integer(26))
        // What is kept of the same text has another number of components.
        let texts = [(26, "tea"), (7, "tea"), (26, "milk")]
        let vectors = try await world.embedder.vectors(of: texts.map { .init($1, for: EmbeddingWorld.space($0)) })
        #expect(vectors.map(\.count) == [26, 7, 26])
        let sizes = world.endpoint.requests.map { EmbeddingEndpoint.body(of: $0)?["dimensions"] }
        #expect(Set(sizes.dropFirst()) == [.integer(7), .integer(26)] && sizes.count == 3)
    }

    @Test(arguments: [(1, 6), (4, 2), (32, 1)])
    func aRequestHasAsManyTextsAsTheSettingSays(batch: Int, count: Int) async throws {
        let world = try await EmbeddingWorld(["embedding.batch": "\(batch)"])
        _ = try await world.vectors("a", "b", "c", "d", "e", "f")
        #expect(world.endpoint.count == count)
    }

    @Test func asManyRequestsAreUnderWayAsTheSettingSays() async throws {
        let world = try await EmbeddingWorld([
            "embedding.batch": "1", "embedding.concurrency": "2", "embedding.timeout": "2000",
        ]) { _ in .silence }
        async let failure = world.failure("a", "b", "c")
        try await world.endpoint.waitForRequests(2)
        try await world.wait { world.metric("embedding_texts_waiting") == "embedding_texts_waiting 1" }
        #expect(await failure?.code == "embedding_timeout")
        #expect(world.endpoint.count == 2)
    }

    @Test func theTimeIsThatOfTheSetting() async throws {
        let world = try await EmbeddingWorld(["embedding.timeout": "300"]) { _ in .silence }
        let start = ContinuousClock.now
        #expect(await world.failure("a")?.code == "embedding_timeout")
        let time = ContinuousClock.now - start
        #expect(time >= .milliseconds(290) && time < .seconds(10))
    }

    @Test func theCacheIsAsLargeAsTheSettingSays() async throws {
        let none = try await EmbeddingWorld(["embedding.cache_memory": "0"])
        for _ in 0..<2 { _ = try await none.vectors("tea") }
        #expect(none.endpoint.count == 2)
        let small = try await EmbeddingWorld(["embedding.cache_memory": "1", "embedding.batch": "2048"])
        let inputs = (0..<8_000).map { Embedder.Input("text \($0)", for: EmbeddingWorld.space()) }
        _ = try await small.embedder.vectors(of: inputs)
        let line = small.metric(#"cache_bytes{cache="embeddings"}"#) ?? ""
        let bytes = Double(line.split(separator: " ").last ?? "") ?? 0
        #expect((500_000...1_048_576).contains(bytes), "\(line)")
    }
}
