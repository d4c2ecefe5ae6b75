import Core
import TestKit
import Testing

@testable import Embedding

/// Texts are turned into vectors by a server that answers over HTTP.
@Suite(.timeLimit(.minutes(5))) struct EmbedderTests {
    @Test func vectorsComeInOrderAndOnce() async throws {
        let world = try await EmbeddingWorld()
        let vectors = try await world.vectors("tea", "black coffee", "tea")
        #expect(vectors == ["tea", "black coffee", "tea"].map { EmbeddingEndpoint.vector(of: $0) })
        #expect(world.requests == [["tea", "black coffee"]])
        #expect(try await world.vectors("black coffee") == [vectors[1]])
        #expect(try await world.vectors("tea", "milk").first == vectors[0])
        #expect(world.requests == [["tea", "black coffee"], ["milk"]])
        #expect(world.metric(#"cache_hits_total{cache="embeddings"}"#)?.hasSuffix(" 2") == true)
        #expect(world.metric(#"cache_misses_total{cache="embeddings"}"#)?.hasSuffix(" 3") == true)
        #expect(world.metric(#"embedding_requests_total{outcome="2xx"}"#)?.hasSuffix(" 2") == true)
        #expect(world.metric("embedding_texts_total")?.hasSuffix(" 3") == true)
        #expect(world.metric("embedding_request_duration_seconds_count")?.hasSuffix(" 2") == true)
    }

    @Test func whoWaitsGoesTogether() async throws {
        let world = try await EmbeddingWorld(["embedding.batch": "8", "embedding.concurrency": "1"]) { request in
            EmbeddingEndpoint.answer(request, after: request.number == 1 ? .seconds(2) : .zero)
        }
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            group.addTask { try await world.vectors("first") }
            try await world.endpoint.waitForRequests(1)
            for number in 0..<20 {
                let letter = String(UnicodeScalar(UInt8(97 + number)))
                group.addTask { try await world.vectors("\(letter) word") }
            }
            try await world.wait { world.metric("embedding_texts_waiting") == "embedding_texts_waiting 20" }
            for try await vectors in group { #expect(vectors.count == 1) }
        }
        #expect(world.requests.map(\.count) == [1, 8, 8, 4])
        #expect(world.metric("embedding_texts_waiting") == "embedding_texts_waiting 0")
    }

    @Test func aTextThatManyNeedAtOnceIsAskedForOnce() async throws {
        let world = try await EmbeddingWorld { EmbeddingEndpoint.answer($0, after: .seconds(1)) }
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<10 { group.addTask { try await world.vectors("tea") } }
            for try await vectors in group { #expect(vectors == [EmbeddingEndpoint.vector(of: "tea")]) }
        }
        #expect(world.requests == [["tea"]])
    }

    @Test func itWaitsAsLongAsItIsAskedTo() async throws {
        let world = try await EmbeddingWorld { request in
            request.number == 1
                ? .status(429, headers: [("retry-after", "1")]) : EmbeddingEndpoint.answer(request)
        }
        #expect(try await world.vectors("tea").count == 1)
        let times = world.endpoint.requests.map(\.receivedAt)
        try #require(times.count == 2)
        #expect(times[1].microseconds - times[0].microseconds >= 1_000_000)
        #expect(world.metric(#"embedding_requests_total{outcome="4xx"}"#)?.hasSuffix(" 1") == true)
    }

    @Test func whatMayPassIsTriedAgain() async throws {
        let world = try await EmbeddingWorld { request in
            switch request.number {
            case 1: .drop
            case 2: .status(503)
            case 3: .status(500)
            default: EmbeddingEndpoint.answer(request)
            }
        }
        #expect(try await world.vectors("tea").count == 1)
        #expect(world.endpoint.count == 4)
        #expect(world.metric("embedding_failures_total") == nil)
    }

    @Test func thereIsNoAttemptBeyondTheTime() async throws {
        let world = try await EmbeddingWorld { _ in .status(429, headers: [("retry-after", "3600")]) }
        let failure = await world.failure("tea")
        #expect(failure?.code == "embedding_unavailable" && failure?.retryAfter == 3_600)
        #expect(failure?.kind == .unavailable && world.endpoint.count == 1)
        #expect(
            world.metric(#"embedding_failures_total{code="embedding_unavailable"}"#)?.hasSuffix(" 1") == true)
    }

    @Test func whatSomebodyMustCorrectIsNotTriedAgain() async throws {
        let world = try await EmbeddingWorld { _ in .status(401, body: "no") }
        let refused = await world.failure("tea")
        #expect(refused?.kind == .badGateway && refused?.message.contains("embedding.api_key") == true)
        world.endpoint.answer { _ in .status(200, body: "<html>") }
        #expect(await world.failure("tea")?.code == "embedding_invalid")
        #expect(world.endpoint.count == 2)
    }

    @Test func vectorsThatDoNotFitAreToldAndNotKept() async throws {
        let world = try await EmbeddingWorld(["embedding.model": "small"]) {
            EmbeddingEndpoint.answer($0, dimensions: 7)
        }
        let failure = await world.failure("tea")
        #expect(failure?.kind == .badGateway && failure?.code == "embedding_dimensions_differ")
        let message = failure?.message ?? ""
        #expect(message.contains("small makes vectors of 7 components, and the collection has 26"))
        #expect(message.contains("embedding.model") && message.contains("memories.dimensions to 7"))
        world.endpoint.answer { EmbeddingEndpoint.answer($0) }
        #expect(try await world.vectors("tea").count == 1)
        #expect(await world.failure("1234")?.code == "embedding_zero")
    }

    @Test func aTextThatIsRefusedTakesNoOtherAlong() async throws {
        let world = try await EmbeddingWorld(["embedding.concurrency": "1"]) { request in
            EmbeddingEndpoint.answer(request, after: request.number == 1 ? .seconds(1) : .zero) { $0 != "bad one" }
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { await world.failure("first")?.code ?? "first is there" }
            try await world.endpoint.waitForRequests(1)
            for text in ["a", "b", "bad one", "c"] {
                group.addTask {
                    guard let failure = await world.failure(text) else { return "\(text) is there" }
                    #expect(failure.kind == .invalid && failure.message.contains("\"bad one\""))
                    #expect(failure.message.contains("400: The input 'bad one' is too long."))
                    return failure.code
                }
            }
            let expected: Set = ["first is there", "a is there", "b is there", "c is there", "text_refused"]
            #expect(try await group.reduce(into: Set()) { $0.insert($1) } == expected)
        }
    }

    @Test func whatIsTooMuchIsRefusedAndWhatIsTooSlowEnds() async throws {
        let world = try await EmbeddingWorld([
            "embedding.batch": "1", "embedding.concurrency": "1", "embedding.waiting_limit": "1000",
            "embedding.timeout": "3000",
        ]) { _ in .silence }
        let many = (0...1_000).map { Embedder.Input("text \($0)", for: EmbeddingWorld.space()) }
        let slow = Task { () -> Failure? in
            do throws(Failure) {
                _ = try await world.embedder.vectors(of: Array(many.dropLast()))
                return nil
            } catch {
                return error
            }
        }
        try await world.endpoint.waitForRequests(1)
        try await world.wait { world.metric("embedding_texts_waiting") == "embedding_texts_waiting 999" }
        let overloaded = await world.failure("one", "two")
        #expect(overloaded?.code == "embedding_overloaded" && overloaded?.retryAfter == 1)
        #expect(overloaded?.kind == .unavailable)
        let timeout = await slow.value
        #expect(timeout?.code == "embedding_timeout" && timeout?.kind == .gatewayTimeout)
        #expect(timeout?.message.contains("embedding.timeout") == true)
        #expect(world.metric("embedding_texts_waiting") == "embedding_texts_waiting 0")
        #expect(world.metric(#"embedding_failures_total{code="embedding_timeout"}"#)?.hasSuffix(" 1") == true)
    }

    @Test func whoGivesUpWaitsNoLonger() async throws {
        let world = try await EmbeddingWorld { _ in .silence }
        let call = Task { await world.failure("tea") }
        try await world.endpoint.waitForRequests(1)
        call.cancel()
        #expect(await call.value?.code == "cancelled")
    }

    @Test func anEndpointThatFailsTooOftenIsLeftAlone() async throws {
        let world = try await EmbeddingWorld(["embedding.timeout": "1000"]) { _ in .status(500) }
        var failures: [Failure?] = []
        while failures.count < 20, failures.last??.message.contains("left alone") != true {
            failures.append(await world.failure("text \(failures.count)"))
        }
        #expect(failures.last??.message.contains("left alone") == true)
        let count = world.endpoint.count
        #expect(await world.failure("more")?.code == "embedding_unavailable")
        #expect(world.endpoint.count == count && count >= 10)
    }

    @Test func whereNothingListensIsToldWithoutItsAddress() async throws {
        let world = try await EmbeddingWorld(["embedding.timeout": "3000"])
        try await world.endpoint.stopListening()
        let failure = await world.failure("tea")
        #expect(failure?.code == "embedding_unavailable")
        #expect(failure?.message.contains("connect_failed") == true && failure?.message.contains("127.0") == false)
    }
}
