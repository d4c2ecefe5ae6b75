import Core
import Expressions
import Outbound

/// The call of an HTTP server by templates: what webhooks and providers have in common.
struct HTTPCall: Sendable {
    /// The methods that carry an event.
    private enum Method: String, CaseIterable {
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case get = "GET"
    }

    private let url: Template
    private let method: String
    private var headers: [NamedTemplate]
    private let body: Template?
    private let contentType: String

    /// Header fields that belong to the message and to the connection.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "content-type", "webhook-id", "webhook-timestamp",
        "webhook-signature", "traceparent",
    ]

    /// - parameter isBodyRequired: whether a call without a body template makes no sense; else it is a CloudEvent.
    init(_ fields: inout JSONFields, isBodyRequired: Bool = false) {
        url = fields.template("url", .url, length: 8...2_048)
        method = (fields.optionalChoice("method", Method.self) ?? .post).rawValue
        headers = fields.namedTemplates("headers", .header, limit: 32)
        for header in headers where Self.reserved.contains(header.name.lowercased()) || !Self.isName(header.name) {
            fields.reject("headers", "\(header.name) cannot be set here.")
        }
        let type = fields.optionalString("content_type", length: 3...100)
        contentType = type ?? "application/json"
        let escaping: TemplateEscaping =
            contentType.contains("json") ? .json : contentType.contains("urlencoded") ? .url : .text
        body = fields.optionalTemplate("body", escaping)
        if isBodyRequired, fields.isMissing("body") { fields.reject("body", "This member is required.") }
        if type != nil, fields.isMissing("body") {
            fields.reject("content_type", "It says what the body is: give body too.")
        }
        if url.fields.isEmpty, fields.isValid, !url.text.isEmpty {
            do {
                _ = try HTTPURL(url.text)
            } catch {
                fields.reject("url", error.explanation)
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
    }

    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        json.member("url", url.text)
        json.member("method", method)
        if !headers.isEmpty {
            json.key("headers")
            headers.write(to: &json, secrets: secrets)
        }
        if let body {
            json.member("content_type", contentType)
            json.member("body", body.text)
        }
    }

    /// The texts that may name variables of the server's environment.
    var secretTexts: [(member: String, text: String)] { headers.secretTexts }

    var templates: [Template] { [url] + headers.map(\.template) + (body.map { [$0] } ?? []) }

    /// The host that it calls, where every event has the same.
    var destination: String { (try? HTTPURL(url.text).destination.description) ?? url.text }

    func render(_ event: ActionEvent, secrets: [String] = []) throws -> RenderedRequest {
        var rendered = try headers.headers(event)
        if let traceparent = event.traceparent { rendered.append(.init("traceparent", traceparent)) }
        let content = try body.map { Array(try $0.render(event.document).utf8) } ?? EventBody.cloudEvent(event)
        let hasBody = method != Method.get.rawValue
        if hasBody { rendered.append(.init("Content-Type", body == nil ? EventBody.contentType : contentType)) }
        return RenderedRequest(
            method: method, url: .text(try url.render(event.document)), headers: rendered, body: hasBody ? content : [],
            secrets: try secrets.map(event.secret))
    }

    func keepingSecrets(of old: HTTPCall) throws(MisplacedMask) -> HTTPCall {
        var call = self
        call.headers = try headers.keepingSecrets(of: old.headers, isSameServer: server == old.server)
        return call
    }

    /// The server that it calls, as far as the definition says.
    var server: String { Self.server(of: url.text) }

    /// The scheme, host and port of a URL with placeholders; the whole text where one of them is in a placeholder.
    static func server(of url: String) -> String {
        guard let mark = url.firstRange(of: "://") else { return url }
        let authority = url[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("{"), let server = try? HTTPURL(String(url[..<authority.endIndex])) else {
            return url
        }
        return server.destination.description
    }
}
