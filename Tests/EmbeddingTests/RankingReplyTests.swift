import Core
import Outbound
import Testing

@testable import Embedding

/// What answers of an endpoint that ranks are read as.
@Suite struct RankingReplyTests {
    private func read(_ body: String, status: Int = 200) -> RankingReply {
        .read(status: status, body: Array(body.utf8), pause: nil, terms: .ranking) { body throws(Failure) in
            try RankingReply.scores(body, count: 2)
        }
    }

    @Test(arguments: [
        #"{"results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":-3e-1}]}"#,
        #"{"id":"x","results":[{"document":{"text":"a"},"index":0,"relevance_score":-0.3},{"index":1,"score":0.9}]}"#,
        #"[{"index":1,"score":0.9,"text":"b"},{"index":0,"score":-0.3}]"#,
    ])
    func scoresStandInTheOrderOfTheirTexts(body: String) {
        guard case .value(let scores) = read(body) else {
            Issue.record("No scores.")
            return
        }
        #expect(scores == [-0.3, 0.9])
    }

    @Test(arguments: [
        (#"{"results":[{"index":0,"relevance_score":1}]}"#, "1 scores came for 2 texts"),
        (#"{"results":[]}"#, "0 scores"), ("{}", "0 scores"), ("[]", "0 scores"),
        (#"[{"index":0,"score":1},{"index":0,"score":1}]"#, "/1: It has no place"),
        (#"[{"index":0,"score":1},{"index":2,"score":1}]"#, "/1: It has no place"),
        (#"[{"index":-1,"score":1},{"index":1,"score":1}]"#, "/0: It has no place"),
        (#"[{"score":1},{"index":1,"score":1}]"#, "/0: It has no place"),
        (#"[{"index":0.5,"score":1},{"index":1,"score":1}]"#, "/0/index: A whole number"),
        (#"[{"index":0,"score":1},{"index":1}]"#, "/1/relevance_score: A score"),
        (#"{"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":1e999}]}"#, "A number is expected"),
        (#"[{"index":0,"score":"NaN"},{"index":1,"score":1}]"#, "/0/score: A number is expected"),
        (#"[{"index":0,"score":null},{"index":1,"score":1}]"#, "/0/score: A number is expected"),
        (#"[{"index":0,"score":NaN},{"index":1,"score":1}]"#, "line 1"),
        (#"[{"index":0,"score":1},{"index":1,"score":1},{"index":2,"score":1}]"#, "/2: It has no place"),
        ("<html>", "line 1"), ("", "ends"), ("7", "An object"),
    ])
    func wrongAnswersNameTheSettingAndThePlace(body: String, part: String) throws {
        guard case .failed(let failure) = read(body) else {
            Issue.record("\(body) is not refused.")
            return
        }
        #expect(failure.kind == .badGateway && failure.code == "reranker_invalid")
        #expect(
            failure.message.contains("knowledge.reranker.url") && failure.message.contains(part), "\(failure.message)")
    }

    @Test(arguments: [
        ("http://localhost:8000/v1", "http://localhost:8000/v1/rerank"),
        ("https://api.example/v1/rerank", "https://api.example/v1/rerank"),
        ("http://localhost:3000", "http://localhost:3000/rerank"),
    ])
    func theResourceIsAddedToTheBase(text: String, endpoint: String) throws {
        #expect(try RankingURL(text).endpoint.description == endpoint)
    }
}
