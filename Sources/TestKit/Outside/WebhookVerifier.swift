import Core

/// What receivers do with our signatures: the libraries of others say whether they are valid.
public enum WebhookVerifier {
    /// What a receiver knows of the sender.
    public enum Key: Sendable {
        /// A shared secret, `whsec_…`.
        case secret(String)
        /// The public half of a key, `whpk_…`.
        case publicKey(String)
    }

    /// A message as it arrived, and the key by which it is to be verified.
    public struct Message: Sendable {
        private let headers: [(name: String, value: String)]
        private let body: String
        private let key: Key

        /// A message by its fields, its body and a key.
        public init(_ headers: [(name: String, value: String)], _ body: String, _ key: Key) {
            self.headers = headers
            self.body = body
            self.key = key
        }

        /// A line for the verifier.
        fileprivate var line: [UInt8] {
            var json = JSONWriter()
            json.object { json in
                json.member("body", body)
                switch key {
                case .secret(let text): json.member("secret", text)
                case .publicKey(let text): json.member("public_key", text)
                }
                json.key("headers")
                json.object { json in
                    for header in headers {
                        json.key(named: header.name)
                        json.value(header.value)
                    }
                }
            }
            return json.bytes + Array("\n".utf8)
        }
    }

    /// Whether each of several messages is valid.
    ///
    /// - throws: ``Failure`` `program_missing` when Python or the packages are not there, `verification_failed` when
    ///   they have no answer.
    public static func areValid(_ messages: [Message]) throws -> [Bool] {
        let result = try Python.run("verify_webhook.py", input: messages.flatMap(\.line))
        let words = result.output.split(separator: "\n")
        guard result.status == 0, words.count == messages.count else {
            throw Failure(.internal, code: "verification_failed", "\(result.output)")
        }
        return words.map { $0 == "valid" }
    }
}
