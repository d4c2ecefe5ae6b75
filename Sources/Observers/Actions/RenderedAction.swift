import Core
import Storage

/// What is sent for an event: ready, but not sent.
enum RenderedAction: Sendable {
    case request(RenderedRequest)
    case email(RenderedEmail)
    case statement(name: String, parameters: [(name: String, value: SQLValue)])
    case invalidation(tags: [String])
    /// The event goes into the server's own index.
    case indexing
    case document(RenderedDocument)
    case stream(name: String, maximumLength: Int?, payload: [UInt8])
    case subject(name: String, payload: [UInt8])
    case line(level: String, text: String)
}

/// A call of an HTTP server.
struct RenderedRequest: Sendable {
    let method: String
    let url: SecretText
    let headers: [RenderedHeader]
    let body: [UInt8]
    /// The secrets that it is signed with.
    let secrets: [SecretText]
    /// Whether the URL is not to be seen.
    var isURLSecret = false
    /// Whether the receiver says by 410 that it wants no more.
    var obeysGone = false
}

/// A header field, whose value may still stand in the environment of the server.
struct RenderedHeader: Sendable {
    let name: String
    let value: SecretText
}

extension RenderedHeader {
    /// A field that holds no secret.
    init(_ name: String, _ text: String) { self.init(name: name, value: .text(text)) }

    /// What is shown of its value: no more than of the definition.
    fileprivate var shown: String { SecretDisplay.masked.text(ofHeader: name, value.shown) }
}

/// A message by its texts, which are addresses and lines once it is sent.
struct RenderedEmail: Sendable {
    let to: [String]
    let copies: [String]
    let replyTo: String?
    let subject: String
    let text: String?
    let html: String?
    let date: Timestamp
}

/// A document for an index of Elasticsearch or OpenSearch.
struct RenderedDocument: Sendable {
    let url: String
    let headers: [RenderedHeader]
    let index: String
    let id: String
    let source: [UInt8]
}

extension RenderedAction: JSONEncodable {
    /// For a dry run: what would be sent, with masks where the definition is shown with masks.
    func write(to json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .request(let request): Self.write(request, to: &json)
            case .email(let message):
                json.member("to", array: message.to)
                json.member("cc", array: message.copies)
                json.member("subject", message.subject)
                json.member("text", message.text)
                json.member("html", message.html)
            case .statement(let name, let parameters):
                json.member("statement", name)
                json.member(
                    "params",
                    object: { json in
                        for parameter in parameters {
                            json.key(named: parameter.name)
                            json.value(parameter.value.shown)
                        }
                    })
            case .invalidation(let tags): json.member("tags", array: tags)
            case .indexing: json.member("index", "events")
            case .document(let document):
                json.member("url", document.url)
                json.member("index", document.index)
                json.member("id", document.id)
                json.member("document", raw: document.source)
            case .stream(let name, _, let payload):
                json.member("stream", name)
                json.member("payload", String(decoding: payload, as: UTF8.self))
            case .subject(let name, let payload):
                json.member("subject", name)
                json.member("payload", String(decoding: payload, as: UTF8.self))
            case .line(let level, let text):
                json.member("level", level)
                json.member("message", text)
            }
        }
    }

    private static func write(_ request: RenderedRequest, to json: inout JSONWriter) {
        json.member("method", request.method)
        json.member("url", request.isURLSecret ? SecretDisplay.masked.text(request.url.shown) : request.url.shown)
        json.member(
            "headers",
            object: { json in
                for header in request.headers {
                    json.key(named: header.name)
                    json.value(header.shown)
                }
            })
        json.member("body", String(decoding: request.body, as: UTF8.self))
        json.member("signed", !request.secrets.isEmpty)
    }
}

extension SQLValue {
    /// The value for people.
    fileprivate var shown: JSONValue {
        switch self {
        case .null: .null
        case .integer(let number): .integer(number)
        case .real(let number): .string("\(number)")
        case .text(let text), .inferred(let text): .string(text)
        case .utf8(let bytes): .string(String(decoding: bytes, as: UTF8.self))
        case .bytes(let bytes): .string("\(bytes.count) bytes")
        case .identifier(let identifier): .string("\(identifier)")
        }
    }
}
