import Core
import Expressions
import Outbound

/// Puts the event into an index: the server's own, which `GET /api/v1/events?q=` searches, or one of Elasticsearch or
/// OpenSearch.
struct SearchAction: Action {
    static let type = ActionType.search

    private let url: String?
    private let index: Template?
    private var headers: [NamedTemplate]
    private let document: Template?

    init(_ fields: inout JSONFields) {
        url = fields.optionalString("url", length: 8...2_048)
        index = fields.optionalTemplate("index", .text, length: 1...255)
        headers = fields.namedTemplates("headers", .header, limit: 16)
        document = fields.optionalTemplate("document", .json)
        guard let url else {
            for name in ["index", "headers", "document"] where fields.has(name) {
                fields.reject(name, "The server's own index has none; give url for another one.")
            }
            return
        }
        if index == nil { fields.reject("index", "An index of \(url) is required.") }
        do {
            _ = try HTTPURL(url)
        } catch {
            fields.reject("url", error.explanation)
        }
    }

    /// Whether it is the server's own index, ``EventIndex``.
    var isBuiltIn: Bool { url == nil }

    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        guard let url else { return }
        json.member("url", url)
        json.member("index", index?.text)
        if !headers.isEmpty {
            json.key("headers")
            headers.write(to: &json, secrets: secrets)
        }
        if let document { json.member("document", document.text) }
    }

    var secretTexts: [(member: String, text: String)] { headers.secretTexts }
    var templates: [Template] { [index, document].compactMap { $0 } + headers.map(\.template) }
    var destination: String { url.flatMap { try? HTTPURL($0).destination.description } ?? "index" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        guard let url else { return .indexing }
        let source = try document.map { Array(try $0.render(event.document).utf8) } ?? EventBody.cloudEvent(event)
        return .document(
            RenderedDocument(
                url: url, headers: try headers.headers(event), index: try index?.render(event.document) ?? "",
                id: event.document.id, source: source))
    }

    func keepingSecrets(of old: SearchAction) throws(MisplacedMask) -> SearchAction {
        var action = self
        action.headers = try headers.keepingSecrets(
            of: old.headers, isSameServer: url.map(HTTPCall.server) == old.url.map(HTTPCall.server))
        return action
    }
}
