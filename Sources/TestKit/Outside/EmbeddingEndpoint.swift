public import Core

/// An OpenAI-compatible endpoint that makes vectors of texts, for a ``WebhookReceiver`` to answer with: a component
/// for each letter of the alphabet counts the words that begin with it. So texts are near that have such words in
/// common, `tea` and `tisane` for example, without having any word in common.
public enum EmbeddingEndpoint {
    /// How many components its vectors have.
    public static let dimensions = 26
    /// Where it answers.
    public static let path = "/v1/embeddings"

    /// Answers a request, the vectors in the opposite order of their texts.
    ///
    /// - parameters:
    ///   - dimensions: how many components there are of a vector.
    ///   - isAcceptable: is asked of each text; one that is not has the whole request refused.
    public static func answer(
        _ request: WebhookReceiver.Request, dimensions: Int = dimensions, after delay: Duration = .zero,
        where isAcceptable: (String) -> Bool = { _ in true }
    ) -> WebhookReceiver.Answer {
        guard request.method == "POST", request.path == path, request["content-type"] == "application/json",
            let body = body(of: request), case .string(let model)? = body["model"], !texts(of: request).isEmpty
        else { return refuse("This is no request for embeddings.") }
        let texts = texts(of: request)
        if let text = texts.first(where: { !isAcceptable($0) }) { return refuse("The input '\(text)' is too long.") }
        let data = texts.enumerated().reversed().map { index, text in
            let numbers = vector(of: text, dimensions: dimensions).map(\.description).joined(separator: ",")
            return #"{"object":"embedding","index":\#(index),"embedding":[\#(numbers)]}"#
        }
        let list = data.joined(separator: ",")
        return .status(
            200, headers: [("content-type", "application/json")],
            body: #"{"object":"list","data":[\#(list)],"model":"\#(model)","usage":{"prompt_tokens":1}}"#,
            after: delay)
    }

    /// The texts of a request, in their order.
    public static func texts(of request: WebhookReceiver.Request) -> [String] {
        (body(of: request)?["input"] ?? .null).elements.compactMap(\.string)
    }

    /// The members of a request; nil when it is no object.
    public static func body(of request: WebhookReceiver.Request) -> JSONObject? {
        guard case .object(let body)? = try? JSONParser.parse(request.body) else { return nil }
        return body
    }

    /// The vector of a text.
    public static func vector(of text: String, dimensions: Int = dimensions) -> [Float] {
        var vector = [Float](repeating: 0, count: dimensions)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter }) {
            guard let letter = word.utf8.first, letter >= UInt8(ascii: "a") else { continue }
            vector[Int(letter - UInt8(ascii: "a")) % dimensions] += 1
        }
        return vector
    }

    private static func refuse(_ message: String) -> WebhookReceiver.Answer {
        .status(400, body: #"{"error":{"message":"\#(message)","type":"invalid_request_error"}}"#)
    }
}
