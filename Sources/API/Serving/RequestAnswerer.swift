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

    /// Finds the route of a request whose head has arrived.
    func route(_ head: RequestHead) -> RoutedRequest {
        let match = router.match(head.method, head.target.path)
        var limit = bodyLimits.standard
        if case .route(let index, _) = match, routes[index].bodyLimit == .bulk { limit = bodyLimits.bulk }
        return RoutedRequest(head: head, match: match, bodyLimit: limit)
    }

    /// Answers a request that has arrived whole, if nothing has to be waited for; else nil.
    func answerAtOnce(_ request: RoutedRequest, body: ByteBuffer, isLocal: Bool) -> OutgoingResponse? {
        guard case .route(let index, let parameters) = request.match, routes[index].canAnswerAtOnce else { return nil }
        let start = ContinuousClock.now
        let incoming = incoming(request, parameters, body, isLocal)
        do {
            guard let complete = try services.answerAtOnce(incoming, routes[index]) else { return nil }
            return outgoing(complete, of: request, incoming.identity, since: start)
        } catch {
            return outgoing(
                problem(error, request, incoming.identity), of: request, incoming.identity, since: start)
        }
    }

    /// Whether answering a request never keeps its thread for long: a small write, whose work is the writer's, or the
    /// read of one entity that another machine does.
    func holdsNothingUp(_ request: RoutedRequest, body: ByteBuffer) -> Bool {
        guard case .route(let index, _) = request.match else { return true }
        switch routes[index].handler {
        case .write: return body.readableBytes <= Self.smallBody
        case .entity: return services.log.isShared
        case .read, .preparedRead, .custom: return false
        }
    }

    /// A body of as many bytes is read in a tenth of a millisecond.
    private static let smallBody = 16_384

    /// Answers a request that has arrived whole.
    func answer(_ request: RoutedRequest, body: ByteBuffer, isLocal: Bool) async -> OutgoingResponse {
        let start = ContinuousClock.now
        guard case .route(let index, let parameters) = request.match else {
            let identity = identity(of: request.head)
            return outgoing(unrouted(request, identity), of: request, identity, since: start)
        }
        let incoming = incoming(request, parameters, body, isLocal)
        var complete: CompleteResponse
        do {
            complete = try await services.answer(incoming, routes[index])
        } catch {
            complete = problem(error, request, incoming.identity)
        }
        return outgoing(complete, of: request, incoming.identity, since: start)
    }

    /// Answers a request that does not arrive whole, before its connection is closed.
    func refuse(_ request: RoutedRequest, _ refusal: Refusal) -> OutgoingResponse {
        let identity = identity(of: request.head)
        var complete = problem(refusal.failure, request, identity)
        if let status = refusal.status { complete.status = status }
        var response = outgoing(complete, of: request, identity, since: ContinuousClock.now)
        response.close()
        return response
    }

    private func incoming(
        _ request: RoutedRequest, _ parameters: PathParameters, _ body: ByteBuffer, _ isLocal: Bool
    ) -> IncomingRequest {
        IncomingRequest(
            head: request.head, parameters: parameters, body: body, isLocal: isLocal,
            identity: identity(of: request.head))
    }

    private func identity(of head: RequestHead) -> RequestIdentity {
        RequestIdentity(head.headers) { services.identifiers.next(at: SystemTime().now()) }
    }

    /// Makes the response as it is sent, and counts it.
    private func outgoing(
        _ complete: CompleteResponse, of request: RoutedRequest, _ identity: RequestIdentity,
        since start: ContinuousClock.Instant
    ) -> OutgoingResponse {
        let response = OutgoingResponse(
            complete, of: request.head, identity, date: date.text,
            position: complete.position ?? services.log.head)
        let counted = if case .route(let index, _) = request.match { routeMetrics[index] } else { unmatched }
        counted.count(complete.status, took: ContinuousClock.now - start)
        return response
    }

    /// Answers for a path that is not served, or not by this method.
    private func unrouted(_ request: RoutedRequest, _ identity: RequestIdentity) -> CompleteResponse {
        guard case .otherMethods(let methods) = request.match else {
            let failure = Failure(
                .notFound, code: "no_such_route", "Nothing is served at \(request.head.target.shown).")
            return problem(failure, request, identity)
        }
        let names = methods.map(\.rawValue).joined(separator: ", ")
        if request.head.method == .options {
            return CompleteResponse(
                status: .noContent, headers: [.allow: names], body: .bytes([]), contentType: nil)
        }
        let failure = Failure(
            .methodNotAllowed, code: "method_not_allowed", "This path is served by \(names).",
            details: [.init("allowed", .array(methods.map { .string($0.rawValue) }))])
        var complete = problem(failure, request, identity)
        complete.headers[.allow] = names
        return complete
    }

    private func problem(
        _ error: any Error, _ request: RoutedRequest, _ identity: RequestIdentity
    ) -> CompleteResponse {
        let document = ProblemDocument(error, instance: request.head.target.shown, traceID: identity.traceID)
        if document.isDefect {
            services.logger.error(
                "A request failed by a defect or a broken part.",
                metadata: [
                    "error": "\(error)", "method": "\(request.head.method)", "path": "\(request.head.target.shown)",
                    "trace_id": "\(identity.traceID)", "request_id": "\(identity.requestID)",
                ])
        }
        var form = FailureForm.problem
        if case .route(let index, _) = request.match { form = routes[index].failureForm }
        return document.response(as: form)
    }
}
