public import Core

/// How an endpoint is asked to rank texts. Answers are read in both forms, whichever it is asked in.
public enum RankingFormat: String, SettingChoice {
    /// `{"model", "query", "documents", "top_n"}`, as Cohere (https://docs.cohere.com/reference/rerank) and Jina AI
    /// (https://api.jina.ai/redoc) have it, and after them vLLM, llama.cpp, LiteLLM and OpenVINO Model Server.
    case cohere
    /// `{"query", "texts"}`, as Text Embeddings Inference has it
    /// (https://huggingface.github.io/text-embeddings-inference).
    case inference = "tei"

    /// A request for the scores of texts.
    func body(_ texts: [String], for query: String, model: String) -> [UInt8] {
        var json = JSONWriter(capacity: texts.reduce(256 + query.utf8.count) { $0 + $1.utf8.count + 8 })
        json.object { json in
            json.member("query", query)
            switch self {
            case .cohere:
                json.member("model", model)
                json.member("documents", array: texts)
                json.member("top_n", texts.count)
            case .inference:
                json.member("texts", array: texts)
                // What is longer than the model reads is cut by the endpoint, as others do unasked.
                json.member("truncate", true)
            }
        }
        return json.bytes
    }
}
