public import Core
public import Embedding

/// The settings of the cross-encoder, which ranks what searches of graphs have found.
public enum RerankerSettings {
    /// Who ranks.
    public static let url = Setting(
        "knowledge.reranker.url", default: OptionalSetting<RankingURL>.none, moves: "reranker_requests_total",
        "The endpoint whose model ranks what a search has found when it asks for cross_encoder, for example "
            + "http://localhost:8000/v1; empty has such searches refused. It may be on a private network.")

    /// In which form.
    public static let format = Setting(
        "knowledge.reranker.format", default: RankingFormat.cohere, moves: "reranker_failures_total",
        "How the endpoint is asked: cohere as by Cohere, Jina AI, vLLM and llama.cpp, tei as by Text Embeddings "
            + "Inference.")

    /// By which model.
    public static let model = Setting(
        "knowledge.reranker.model", default: "bge-reranker-v2-m3", moves: "reranker_requests_total",
        "The model that ranks, as the endpoint calls it. Text Embeddings Inference has one only and is told none.")

    /// What opens the endpoint.
    public static let apiKey = Setting(
        "knowledge.reranker.api_key", default: "", moves: "reranker_requests_total", isSecret: true,
        "The key that is sent to the endpoint as a bearer token; empty sends none.")

    /// How long ranking may take.
    public static let timeout = Setting(
        "knowledge.reranker.timeout", default: 10_000, unit: "ms", bounds: 100...600_000,
        moves: "reranker_failures_total", "How long ranking what a search has found may take, with all attempts.")

    /// How many texts go with one request.
    public static let batch = Setting(
        "knowledge.reranker.batch", default: 32, unit: "texts", bounds: 1...2_048, moves: "reranker_requests_total",
        "How many texts go with one request at most. A model that compares texts with each other ranks properly only "
            + "what goes with one request: twice as many as a search wants, of each kind.")

    /// All of them.
    public static let all: [AnySetting] = [
        url.erased, format.erased, model.erased, apiKey.erased, timeout.erased, batch.erased,
    ]
}
