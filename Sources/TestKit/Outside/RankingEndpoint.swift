import Core

/// An endpoint that ranks texts, for a ``WebhookReceiver`` to answer with: it scores a text by the share of its words
/// that are in the query.
public enum RankingEndpoint {
    /// Where it answers.
    public static let path = "/v1/rerank"

    /// Answers a request in either form, the best text first.
    ///
    /// - parameter echoes: whether the texts are sent back, as some do.
    public static func answer(
        _ request: WebhookReceiver.Request, after delay: Duration = .zero, echoes: Bool = false
    ) -> WebhookReceiver.Answer {
        guard request.method == "POST", request["content-type"] == "application/json",
            let body = EmbeddingEndpoint.body(of: request), case .string(let query)? = body["query"],
            body["documents"] == nil || (body["model"] != nil && body["top_n"] == .integer(count(of: request)))
        else { return .status(422, body: #"{"error":"This is no request to rank."}"#) }
        let scored = texts(of: request).enumerated().map { (index: $0, score: score($1, for: query), text: $1) }
            .sorted { $0.score > $1.score }
        let name = body["documents"] == nil ? "score" : "relevance_score"
        let results = scored.map { result in
            let echo = echoes ? #","document":{"text":"\#(result.text)"}"# : ""
            return #"{"index":\#(result.index),"\#(name)":\#(result.score)\#(echo)}"#
        }.joined(separator: ",")
        return .status(
            200, headers: [("content-type", "application/json")],
            body: body["documents"] == nil ? "[\(results)]" : #"{"id":"1","results":[\#(results)],"meta":{}}"#,
            after: delay)
    }

    /// The texts of a request, in their order.
    public static func texts(of request: WebhookReceiver.Request) -> [String] {
        let body = EmbeddingEndpoint.body(of: request)
        return (body?["documents"] ?? body?["texts"] ?? .null).elements.compactMap(\.string)
    }

    /// How well a text answers a query.
    public static func score(_ text: String, for query: String) -> Double {
        let words = text.lowercased().split(whereSeparator: { !$0.isLetter })
        let wanted = Set(query.lowercased().split(whereSeparator: { !$0.isLetter }))
        return words.isEmpty ? 0 : Double(words.count { wanted.contains($0) }) / Double(words.count)
    }

    private static func count(of request: WebhookReceiver.Request) -> Int64 { Int64(texts(of: request).count) }
}
