import Core
import Foundation
import TestKit
import Testing

/// Sends requests to a live server, and holds every request and every answer against the OpenAPI document.
struct ContractClient {
    /// What was answered.
    struct Answer {
        let json: JSONValue
        /// The position of the change log that it is of.
        var position = ""
        var body: [UInt8] = []

        var id: String { text("id") }
        /// The version, as it stands in an `ETag`.
        var version: String { text("version") }

        /// The text of a member that is a string or a number; empty otherwise.
        func text(_ name: String) -> String {
            switch json[name] {
            case .string(let text), .number(let text): text
            default: ""
            }
        }

        /// The elements of a member that is an array.
        func list(_ name: String) -> [Answer] { (json[name]?.elements ?? []).map { Answer(json: $0) } }
    }

    let document: OpenAPIDocument
    let server: LiveServer
    /// The operations that did what they are for, by their names.
    private(set) var exercised: Set<String> = []

    init(_ document: OpenAPIDocument, _ server: LiveServer) {
        self.document = document
        self.server = server
    }

    /// Sends a request.
    ///
    /// - parameters:
    ///   - path: the template of the path, without the beginning that all routes of the API share.
    ///   - values: the values of the names in the template.
    ///   - version: what `If-Match` says.
    ///   - status: which status is expected. A request that is expected to succeed must fit the document.
    @discardableResult
    mutating func send(
        _ method: String, _ path: String, _ values: String..., query: String = "", body: String? = nil,
        version: String? = nil, headers: [String: String] = [:], status: Int = 200,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let operation = try operation(method, path, sourceLocation)
        var headers = headers
        if let version { headers["If-Match"] = "\"\(version)\"" }
        let answer = try await server.send(
            method, Self.fill(operation.path, values) + (query.isEmpty ? "" : "?\(query)"), body, headers: headers)
        let wrong = status < 300 ? try mismatches(query: query, body: body, operation) : []
        return try check(answer, operation, status: status, wrong, sourceLocation)
    }

    /// Sends a file, as a body of its own or as a form has it.
    @discardableResult
    mutating func send(
        _ method: String, _ path: String, _ values: String..., query: String = "", file: [UInt8],
        type: String = "application/octet-stream", status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let operation = try operation(method, path, sourceLocation)
        let answer = try await server.send(
            method, Self.fill(operation.path, values) + (query.isEmpty ? "" : "?\(query)"), bytes: file,
            headers: ["Content-Type": type])
        let isDeclared = operation.content["requestBody"]?["content"]?[String(type.prefix { $0 != ";" })] != nil
        let wrong = (isDeclared ? [] : ["\(type) is not in the document"]) + (try unknown(query, operation))
        return try check(answer, operation, status: status, wrong, sourceLocation)
    }

    private func operation(
        _ method: String, _ path: String, _ sourceLocation: SourceLocation
    ) throws -> OpenAPIDocument.Operation {
        let name = "\(method) \(path.hasPrefix("/") ? path : "/api/v1/\(path)")"
        return try #require(
            document.operations.first { $0.name == name }, "\(name)", sourceLocation: sourceLocation)
    }

    /// Holds an answer against the document.
    ///
    /// - parameter mismatches: what of the request does not fit the document.
    private mutating func check(
        _ answer: LiveServer.Answer, _ operation: OpenAPIDocument.Operation, status: Int, _ mismatches: [String],
        _ sourceLocation: SourceLocation
    ) throws -> Answer {
        let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
        #expect(answer.status == status, "\(operation.name): \(text)", sourceLocation: sourceLocation)
        let all = try self.mismatches(of: answer, operation) + mismatches
        if status < 300 { exercised.insert(operation.name) }
        #expect(all == [], "\(operation.name) \(status): \(text)", sourceLocation: sourceLocation)
        let isObject = Self.isJSON(answer) && text.hasPrefix("{")
        return Answer(
            json: isObject ? try JSONParser.parse(answer.body) : .null,
            position: answer.headers["millrace-position"] ?? "", body: answer.body)
    }

    /// Whether an answer is one JSON value.
    private static func isJSON(_ answer: LiveServer.Answer) -> Bool {
        mediaType(answer).hasSuffix("/json") || mediaType(answer).hasSuffix("+json")
    }

    private static func mediaType(_ answer: LiveServer.Answer) -> String {
        String((answer.headers["content-type"] ?? "").prefix { $0 != ";" })
    }

    /// Notes an operation that a test has exercised in another way.
    mutating func note(_ name: String) { exercised.insert(name) }

    /// What of an answer the document does not say.
    private func mismatches(of answer: LiveServer.Answer, _ operation: OpenAPIDocument.Operation) throws -> [String] {
        guard operation.responses.contains(where: { $0.name == String(answer.status) }),
            let response = try document.response(of: operation, status: answer.status)
        else { return ["the status \(answer.status) is not in the document"] }
        var mismatches = (response["headers"] ?? .null).members.map(\.name)
            .filter { answer.headers[$0.lowercased()] == nil }.map { "the header \($0) is missing" }
        for name in ["x-request-id", "traceparent", "millrace-position"] where answer.headers[name] == nil {
            mismatches.append("the header \(name) is missing")
        }
        let type = Self.mediaType(answer)
        guard let content = response["content"] else {
            return mismatches + (answer.body.isEmpty ? [] : ["a body is not in the document"])
        }
        guard let schema = content[type]?["schema"] else { return mismatches + ["\(type) is not in the document"] }
        let value = Self.isJSON(answer) ? try JSONParser.parse(answer.body) : .string("")
        return mismatches + document.schema.mismatches(of: value, schema)
    }

    /// What of a request the document does not say.
    private func mismatches(
        query: String, body: String?, _ operation: OpenAPIDocument.Operation
    ) throws -> [String] {
        let unknown = try unknown(query, operation)
        let request = operation.content["requestBody"]
        guard let body else {
            return unknown + (request?["required"] == .bool(true) ? ["the document wants a body"] : [])
        }
        guard let schema = request?["content"]?["application/json"]?["schema"] else {
            return unknown + ["a body is not in the document"]
        }
        return unknown + document.schema.mismatches(of: try JSONParser.parse(Array(body.utf8)), schema, at: "body")
    }

    /// The parameters of a query that the document does not say.
    private func unknown(_ query: String, _ operation: OpenAPIDocument.Operation) throws -> [String] {
        let declared = try document.parameters(of: operation).filter { $0["in"]?.string == "query" }
            .compactMap { $0["name"]?.string }
        return query.split(separator: "&").compactMap { $0.split(separator: "=").first.map(String.init) }
            .filter { !declared.contains($0) }.map { "the parameter \($0) is not in the document" }
    }

    /// A path with values in place of its names.
    static func fill(_ template: String, _ values: [String]) -> String {
        var rest = values[...]
        return template.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            guard segment.hasPrefix("{") else { return String(segment) }
            let value = rest.popFirst() ?? ""
            return value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value
        }.joined(separator: "/")
    }
}
