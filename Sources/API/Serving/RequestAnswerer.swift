import ChangeLog
import Core
import HTTPTypes
import Logging
import NIOCore
import Telemetry

/// Takes a whole request to its route, and whatever comes of it to a whole response.
struct RequestAnswerer: Sendable {
    private let routes: [Route]
    private let router: Router
    private let routeMetrics: [RouteMetrics]
    private let unmatched: RouteMetrics
    private let services: APIServices
    private let bodyLimits: (standard: Int, bulk: Int)
    private let date = DateHeader()

    init(_ routes: [Route], _ services: APIServices, _ settings: SettingsValues) throws {
        self.routes = routes
        self.services = services
        router = try Router(routes)
        routeMetrics = routes.map {
            RouteMetrics(method: $0.method.rawValue, path: $0.path, services.metrics)
        }
        unmatched = RouteMetrics(method: "any", path: "unmatched", services.metrics)
        bodyLimits = (settings[APISettings.bodyLimit], settings[APISettings.bulkBodyLimit])
    }

    /// How many bytes of body a request may have.
    func bodyLimit(of head: HTTPRequest) -> Int {
        guard case .route(let index, _) = router.match(head.method, RequestTarget(head).path) else {
            return bodyLimits.standard
        }
        return routes[index].bodyLimit == .bulk ? bodyLimits.bulk : bodyLimits.standard
    }

    /// Answers a request that has arrived whole.
    func answer(_ head: HTTPRequest, body: ByteBuffer, isLocal: Bool) async -> OutgoingResponse {
        await counted(head) { identity in
            let target = RequestTarget(head)
            switch router.match(head.method, target.path) {
            case .nothing:
                throw Failure(.notFound, code: "no_such_route", "Nothing is served at \(target.shown).")
            case .otherMethods(let methods):
                return try Self.answer(head.method, allowing: methods)
            case .route(let index, let parameters):
                let incoming = IncomingRequest(
                    head: head, target: target, parameters: parameters, body: body, isLocal: isLocal,
                    identity: identity)
                return try await services.answer(incoming, routes[index])
            }
        }
    }

    /// Answers a request that could not arrive whole.
    func refuse(_ head: HTTPRequest, _ failure: Failure, status: HTTPResponse.Status? = nil) async -> OutgoingResponse {
        var response = await counted(head) { _ in throw failure }
        if let status { response.head.status = status }
        response.closes = true
        return response
    }

    /// Makes the response of what the closure returns or throws, and counts it.
    private func counted(
        _ head: HTTPRequest, _ answer: (RequestIdentity) async throws -> CompleteResponse
    ) async -> OutgoingResponse {
        let start = ContinuousClock.now
        let identity = RequestIdentity(head.headerFields) { services.identifiers.next(at: SystemTime().now()) }
        var complete: CompleteResponse
        do {
            complete = try await answer(identity)
        } catch {
            complete = problem(error, head, identity)
        }
        let response = OutgoingResponse(complete, of: head, identity, date: date.text, head: services.log.head)
        metrics(of: head).count(response.head.status, took: ContinuousClock.now - start)
        return response
    }

    private func metrics(of head: HTTPRequest) -> RouteMetrics {
        guard case .route(let index, _) = router.match(head.method, RequestTarget(head).path) else { return unmatched }
        return routeMetrics[index]
    }

    private func problem(_ error: any Error, _ head: HTTPRequest, _ identity: RequestIdentity) -> CompleteResponse {
        let document = ProblemDocument(error, instance: RequestTarget(head).shown, traceID: identity.traceID)
        if document.isDefect {
            services.logger.error(
                "A request failed by a defect or a broken part.",
                metadata: [
                    "error": "\(error)", "method": "\(head.method)", "path": "\(RequestTarget(head).shown)",
                    "trace_id": "\(identity.traceID)", "request_id": "\(identity.requestID)",
                ])
        }
        return CompleteResponse(
            status: document.status, headers: document.headers,
            body: .bytes(JSONWriter.bytes(of: document)), contentType: ProblemDocument.contentType)
    }

    /// A path that is served, but not by this method.
    private static func answer(
        _ method: HTTPRequest.Method, allowing methods: [HTTPRequest.Method]
    ) throws -> CompleteResponse {
        let names = methods.map(\.rawValue).joined(separator: ", ")
        if method == .options {
            return CompleteResponse(status: .noContent, headers: [.allow: names], body: .bytes([]), contentType: nil)
        }
        throw Failure(
            .methodNotAllowed, code: "method_not_allowed", "This path is served by \(names).",
            details: [.init("allowed", .array(methods.map { .string($0.rawValue) }))])
    }
}

/// The path and the query of a request.
struct RequestTarget {
    /// The path, percent-encoded.
    let path: Substring
    /// What stands after the question mark, percent-encoded.
    let query: Substring

    init(_ head: HTTPRequest) {
        let text = head.path ?? "/"
        if let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = text[..<mark]
            query = text[text.index(after: mark)...]
        } else {
            path = text[...]
            query = ""
        }
    }

    /// The path as it is shown to people, cut where it is long.
    var shown: String { String(path.prefix(256)) }
}
