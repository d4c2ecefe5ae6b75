public import Core

/// The settings of turning texts into vectors.
public enum EmbeddingSettings {
    /// Who turns texts into vectors.
    public static let url = Setting(
        "embedding.url", default: OptionalSetting<EmbeddingURL>.none, moves: "embedding_requests_total",
        "The OpenAI-compatible endpoint that turns texts into vectors, for example http://localhost:11434/v1; empty "
            + "has clients send the vectors. It may be on a private network.")

    /// By which model.
    public static let model = Setting(
        "embedding.model", default: "bge-m3", moves: "embedding_requests_total",
        "The model that turns texts into vectors, as the endpoint calls it. Its vectors have as many components as "
            + "memories.dimensions and knowledge.dimensions say.")

    /// What opens the endpoint.
    public static let apiKey = Setting(
        "embedding.api_key", default: "", moves: "embedding_requests_total", isSecret: true,
        "The key that is sent to the endpoint as a bearer token; empty sends none.")

    /// Whether the endpoint is told how many components are wanted.
    public static let requestDimensions = Setting(
        "embedding.request_dimensions", default: Flag(false), moves: "embedding_requests_total",
        "Whether the endpoint is asked for vectors of as many components as memories.dimensions or "
            + "knowledge.dimensions says, for models that can shorten theirs.")

    /// How many texts go with one request.
    public static let batch = Setting(
        "embedding.batch", default: 32, unit: "texts", bounds: 1...2_048, moves: "embedding_requests_total",
        "How many texts go with one request at most. Texts that wait at the same time go together.")

    /// How many requests are under way at a time.
    public static let concurrency = Setting(
        "embedding.concurrency", default: 4, unit: "requests", bounds: 1...64, moves: "embedding_texts_waiting",
        "How many requests to the endpoint are under way at a time; further texts wait.")

    /// How many texts may wait.
    public static let waitingLimit = Setting(
        "embedding.waiting_limit", default: 10_000, unit: "texts", bounds: 1_000...1_000_000,
        moves: "embedding_texts_waiting",
        "How many texts may wait for the endpoint. What comes beyond is refused until there are fewer.")

    /// How long a text may take.
    public static let timeout = Setting(
        "embedding.timeout", default: 30_000, unit: "ms", bounds: 100...600_000, moves: "embedding_failures_total",
        "How long the vectors of a request may take, with waiting and all attempts.")

    /// How much memory vectors of earlier texts may take.
    public static let cacheMemory = Setting(
        "embedding.cache_memory", default: 64, unit: "MiB", bounds: 0...65_536, moves: "cache_bytes",
        "How much memory the vectors of texts may take that were turned into vectors lately; 0 keeps none.")

    /// All of them.
    public static let all: [AnySetting] = [
        url.erased, model.erased, apiKey.erased, requestDimensions.erased, batch.erased, concurrency.erased,
        waitingLimit.erased, timeout.erased, cacheMemory.erased,
    ]
}
