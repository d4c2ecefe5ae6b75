import Core
import Outbound
import Testing

@testable import Embedding

/// What answers of the endpoint are read as.
@Suite struct EmbeddingReplyTests {
    private func read(_ status: Int, _ body: String, count: Int = 2, pause: Duration? = nil) -> EmbeddingReply {
        .read(status: status, body: Array(body.utf8), pause: pause, terms: .embedding) { body throws(Failure) in
            try EmbeddingReply.vectors(body, count: count)
        }
    }

    private func problem(_ reply: EmbeddingReply) -> Failure? {
        switch reply {
        case .failed(let failure), .busy(let failure, _), .broken(let failure, _): failure
        case .value, .refused: nil
        }
    }

    @Test(arguments: [
        #"{"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}]}"#,
        #"{"object":"list","data":[{"embedding":[1.0,2],"object":"embedding"},{"embedding":[3,4e0]}],"usage":{}}"#,
    ])
    func vectorsStandInTheOrderOfTheirTexts(body: String) {
        guard case .value(let vectors) = read(200, body) else {
            Issue.record("No vectors.")
            return
        }
        #expect(vectors == [[1, 2], [3, 4]])
    }

    @Test(arguments: [
        (#"{"data":[{"index":0,"embedding":[1]}]}"#, "1 vectors came for 2 texts"),
        (#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, "/data/1"),
        (#"{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}"#, "/data/1"),
        (#"{"data":[{"embedding":[1]},{"embedding":[2]},{"embedding":[2]}]}"#, "/data/2"),
        (#"{"data":[{"index":0},{"index":1}]}"#, "/data/0/embedding"),
        (#"{"data":[{"index":0,"embedding":[1,"a"]},{"embedding":[2]}]}"#, "/data/0/embedding/1"),
        (#"{"data":[{"index":0,"embedding":"AAAA"},{"embedding":[2]}]}"#, "/data/0/embedding"),
        (#"{"data":[{"index":-1,"embedding":[1]},{"embedding":[2]}]}"#, "/data/0"),
        ("{}", "0 vectors"), ("[]", "An object"), ("<html>", "line 1"), ("", "ends"),
    ])
    func wrongAnswersNameTheSettingAndThePlace(body: String, part: String) throws {
        let failure = try #require(problem(read(200, body)))
        #expect(failure.kind == .badGateway && failure.code == "embedding_invalid")
        #expect(failure.message.contains("embedding.url") && failure.message.contains(part), "\(failure.message)")
    }

    @Test func statusesSayWhoHasToDoWhat() throws {
        guard case .busy(let busy, let pause) = read(429, "", pause: .seconds(7)) else {
            Issue.record("429 is no sign of being busy.")
            return
        }
        #expect(pause == .seconds(7) && busy.retryAfter == 7 && busy.kind == .unavailable)
        for status in [408, 500, 503] {
            guard case .broken(let failure, nil) = read(status, "") else {
                Issue.record("\(status) is not to be tried again.")
                continue
            }
            #expect(failure.code == "embedding_unavailable" && failure.retryAfter == 1)
        }
        for status in [400, 413, 422] {
            guard case .refused(status, "too long") = read(status, #"{"error":{"message":"too long"}}"#) else {
                Issue.record("\(status) does not refuse a text.")
                continue
            }
        }
        let key = try #require(problem(read(401, #"{"error":"the key sk-1 is wrong"}"#)))
        #expect(key.message.contains("embedding.api_key") && !key.message.contains("sk-1"))
        let model = try #require(problem(read(404, #"{"error":"model not found"}"#)))
        #expect(model.message.contains("404: model not found. Correct embedding.url or embedding.model"))
        let moved = try #require(problem(read(301, "")))
        #expect(moved.kind == .badGateway && moved.message.contains("redirections are not followed"))
    }

    @Test func pausesGrowAndEndWithTheTime() {
        let start = ContinuousClock.now
        var attempts = EndpointAttempts(until: start + .seconds(10))
        var random = SystemRandomNumberGenerator()
        let first = attempts.pause(atLeast: nil, at: start, using: &random)
        let second = attempts.pause(atLeast: nil, at: start, using: &random)
        #expect((0.1...0.2).contains((first ?? .zero) / .seconds(1)))
        #expect((0.2...0.4).contains((second ?? .zero) / .seconds(1)))
        #expect(attempts.pause(atLeast: .seconds(9), at: start, using: &random) == .seconds(9))
        #expect(attempts.pause(atLeast: .milliseconds(9_800), at: start, using: &random) == nil)
        #expect(attempts.pause(atLeast: nil, at: start + .seconds(10), using: &random) == nil)
    }

    @Test(arguments: [
        ("http://localhost:11434/v1", "http://localhost:11434/v1/embeddings"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/embeddings"),
        ("https://api.example/v1/embeddings", "https://api.example/v1/embeddings"),
        ("http://[::1]:80", "http://[::1]/embeddings"),
        ("https://a.example/x?api-version=1", "https://a.example/x/embeddings?api-version=1"),
    ])
    func theResourceIsAddedToTheBase(text: String, endpoint: String) throws {
        #expect(try EmbeddingURL(text).endpoint.description == endpoint)
    }

    @Test(arguments: ["localhost:11434", "ftp://a/v1", "http://key@a/v1", ""])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: Failure.self) { try EmbeddingURL(text) }
    }
}
