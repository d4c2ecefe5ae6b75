import Caching
import ChangeLog
import Commerce
import Core
import HTTPTypes
import NIOCore
import NIOHTTP1
import Storage
import TestKit

@testable import API

/// Calls routes on a store of their own, without a network in between.
struct RouteCaller: Sendable {
    /// What a route answered.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let json: JSONObject
    }

    let store: TestStore
    let routes: [Route]

    init(_ store: TestStore, _ routes: [Route]) {
        self.store = store
        self.routes = routes
    }

    init(_ engine: TestStore.Engine, _ routes: [Route]) async throws {
        self.init(try await TestStore(engine, schemas: Commerce.schemas), routes)
    }

    /// Calls the route of a method and template.
    ///
    /// - throws: the ``Failure`` that it fails with.
    func call(
        _ method: HTTPRequest.Method, _ template: String, _ parameters: [String: String] = [:], query: String = "",
        body: String? = nil, ifMatch: String? = nil, credential: Credential = .anonymous,
        seen: LogPosition? = nil
    ) async throws -> Answer {
        guard let route = routes.first(where: { $0.method == method && $0.path == template }) else {
            throw Failure.notFound("route", "\(method) \(template)")
        }
        var path = PathParameters()
        for (name, value) in parameters { path.add(name, Substring(value)) }
        var headers = HTTPHeaders()
        if let ifMatch { headers.add(name: "If-Match", value: ifMatch) }
        let request = try APIRequest(
            credential: credential, context: TestStore.context, headers: RequestHeaders(headers), seenPosition: seen,
            path: Substring(template), query: Substring(query), parameters: path,
            body: ByteBuffer(string: body ?? ""))
        let response: APIResponse
        switch route.handler {
        case .read(let decode): response = try await store.log.read(decode(request).reading).value
        case .preparedRead(let prepare): response = try await store.log.read(try await prepare(request).reading).value
        case .entity(let reading):
            let id = try request.identifier("id")
            let image = try await store.log.read { try reading.find(id, request.tenant, $0) }.value
            response = .json(image.json, version: image.version)
        case .write(let isolation, let decode):
            let work = try await decode(request)
            response = try await store.log.write(TestStore.context, isolation: isolation) { try work($0) }.value
        case .custom(let answer): response = try await answer(request)
        }
        var json = JSONObject()
        if let content = try response.content(for: request), !content.bytes.isEmpty,
            case .object(let object) = try JSONParser.parse(content.bytes)
        {
            json = object
        }
        return Answer(status: response.status.code, headers: response.headers, json: json)
    }

    /// The code of the failure that a call ends in, or `ok`.
    func failure(
        _ method: HTTPRequest.Method, _ template: String, _ parameters: [String: String] = [:], query: String = "",
        body: String? = nil, ifMatch: String? = nil
    ) async -> String {
        do {
            _ = try await call(method, template, parameters, query: query, body: body, ifMatch: ifMatch)
            return "ok"
        } catch { return (error as? Failure)?.code ?? "\(error)" }
    }
}

extension JSONObject {
    /// The text of a member that is a string or a number; empty otherwise.
    func text(_ name: String) -> String {
        switch self[name] {
        case .string(let text), .number(let text): text
        default: ""
        }
    }

    /// The objects of a member that is an array.
    func objects(_ name: String) -> [JSONObject] {
        guard case .array(let values) = self[name] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
