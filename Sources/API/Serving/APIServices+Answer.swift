import ChangeLog
import Core
import HTTPTypes
import NIOCore
import Storage

/// A request that has arrived whole and whose route is known.
struct IncomingRequest: Sendable {
    let head: RequestHead
    let parameters: PathParameters
    let body: ByteBuffer
    /// Whether it comes from a process on this machine.
    let isLocal: Bool
    let identity: RequestIdentity
}

extension APIServices {
    /// Checks who asks, waits for the position that the client has seen, and runs the route.
    func answer(_ incoming: IncomingRequest, _ route: Route) async throws -> CompleteResponse {
        let credential = try await authenticate(incoming, route)
        try takeTurn(credential)
        let seen = try await waitForPosition(incoming.head.headers[.position])
        let request = try request(incoming, route, credential, seenPosition: seen)
        let (response, position) =
            if let caching = route.caching { try await readCached(caching, route, request) } else {
                try await run(route, request)
            }
        return try complete(response, of: request, at: max(position, seen ?? .start))
    }

    /// Answers a request on the calling thread if nothing has to be waited for: a read or a search by a known
    /// credential.
    ///
    /// It is called on an event loop, so a query that takes longer than ``timeAtOnce`` is given up and asked again in a
    /// task. Handing a quick one to another thread and back costs more than the query.
    ///
    /// - returns: nil for what has to wait.
    func answerAtOnce(_ incoming: IncomingRequest, _ route: Route) throws -> CompleteResponse? {
        guard route.canAnswerAtOnce, incoming.head.headers[.position] == nil,
            let credential = try authenticateAtOnce(incoming, route)
        else { return nil }
        try takeTurn(credential)
        guard let complete = try answerAtOnce(incoming, route, credential) else {
            rates?.giveBack(credential.tenant)
            return nil
        }
        return complete
    }

    private func answerAtOnce(
        _ incoming: IncomingRequest, _ route: Route, _ credential: Credential
    ) throws -> CompleteResponse? {
        let request = try request(incoming, route, credential, seenPosition: nil)
        let answer =
            if let caching = route.caching { try readCachedAtOnce(caching, route, request) } else {
                try runAtOnce(route, request)
            }
        return try answer.map { try complete($0.response, of: request, at: $0.position) }
    }

    /// Refuses a request of a tenant that sends too many. Who need not say who they are is no tenant.
    private func takeTurn(_ credential: Credential) throws {
        if credential.tenant != Credential.anonymous.tenant { try rates?.take(credential.tenant) }
    }

    /// Runs a route if nothing has to be waited for; else nil.
    func runAtOnce(_ route: Route, _ request: APIRequest) throws -> (response: APIResponse, position: LogPosition)? {
        switch route.handler {
        case .read(let decode):
            let reading = try decode(request).reading
            return try log.readAtOnce(within: Self.timeAtOnce) { try reading($0) }.map { ($0.value, $0.position) }
        case .entity(let reading):
            return try readEntityAtOnce(reading, request, within: Self.timeAtOnce)
        case .custom:
            let position = log.head
            return try route.atOnce?(request, Self.timeAtOnce).map { ($0, $0.position ?? position) }
        case .preparedRead, .write:
            return nil
        }
    }

    /// How long queries may hold up an event loop.
    private static let timeAtOnce = Duration.milliseconds(2)

    private func request(
        _ incoming: IncomingRequest, _ route: Route, _ credential: Credential, seenPosition: LogPosition?
    ) throws -> APIRequest {
        if !route.takesAnyMedia { try Self.checkMediaType(incoming) }
        return try APIRequest(
            credential: credential,
            context: ChangeContext(
                tenant: credential.tenant, actor: credential.id.description,
                requestID: incoming.identity.requestID, traceparent: incoming.identity.traceparent),
            headers: incoming.head.headers, seenPosition: seenPosition, path: incoming.head.target.path,
            query: incoming.head.target.query, parameters: incoming.parameters, body: incoming.body)
    }

    func run(_ route: Route, _ request: APIRequest) async throws -> (APIResponse, LogPosition) {
        switch route.handler {
        case .read(let decode):
            return try await read(try decode(request), route, request)
        case .preparedRead(let prepare):
            return try await read(try await prepare(request), route, request)
        case .entity(let reading):
            return try await readEntity(reading, request)
        case .write(let isolation, let decode):
            let answer = try await write(isolation, decode, route, request)
            try await waitUntilVisible(answer.1, route)
            return answer
        case .custom(let answer):
            if let seen = request.seenPosition { try await route.reaching?(seen) }
            let position = log.head
            let response = try await answer(request)
            return (response, response.position ?? position)
        }
    }

    private func read(
        _ work: Route.ReadingAtLeast, _ route: Route, _ request: APIRequest
    ) async throws -> (APIResponse, LogPosition) {
        if let seen = request.seenPosition { try await route.reaching?(seen) }
        let wanted = max(request.seenPosition ?? .start, work.position ?? .start)
        let answer = try await withTaskExecutorPreference(route.executor) { [reading = work.reading] in
            try await log.read(atLeast: wanted) { try reading($0) }
        }
        return (answer.value, answer.position)
    }

    private func write(
        _ isolation: Isolation, _ decode: (APIRequest) async throws -> Route.Writing, _ route: Route,
        _ request: APIRequest
    ) async throws -> (APIResponse, LogPosition) {
        guard let key = try IdempotencyKey(request, method: route.method) else {
            let writing = try await prepare(decode, route, request)
            let answer = try await log.write(request.context, isolation: isolation) { try writing($0) }
            return (answer.value, answer.position)
        }
        let writing: Route.Writing
        do { writing = try await prepare(decode, route, request) } catch {
            // What was done before needs nothing of what is missing now.
            if let replayed = try await idempotency.find(key) { return replayed }
            throw error
        }
        return try await idempotency.once(key, request, isolation: isolation, writing)
    }

    /// Waits until what was written is in the index of a route. It stays written if that takes too long, so its client
    /// must not take that for a refusal and send it again.
    ///
    /// - throws: ``Failure`` `written_not_visible`.
    private func waitUntilVisible(_ position: LogPosition, _ route: Route) async throws {
        do { try await route.reaching?(position) } catch {
            throw Failure(
                .unavailable, code: "written_not_visible",
                "It is written, at position \(position), and not in every answer yet. Do not send it again, unless "
                    + "with the same Idempotency-Key; a read with this Millrace-Position waits for it.",
                details: [.init("position", .integer(position.value))], cause: error)
        }
    }

    /// Reads a request that changes something, and has it begin with no less than its client has seen.
    private func prepare(
        _ decode: (APIRequest) async throws -> Route.Writing, _ route: Route, _ request: APIRequest
    ) async throws -> Route.Writing {
        let writing = try await decode(request)
        if let seen = request.seenPosition { try await route.reaching?(seen) }
        return writing
    }

    private func complete(
        _ response: APIResponse, of request: APIRequest, at position: LogPosition
    ) throws -> CompleteResponse {
        if let field = request.headers[.ifNoneMatch], let tag = response.headers[.eTag], response.status == .ok,
            EntityTag.isNamed(tag, inIfNoneMatch: field)
        {
            return CompleteResponse(
                status: .notModified, headers: response.headers, body: .bytes([]), contentType: nil,
                position: position)
        }
        if case .stream(let contentType, let write) = response.body {
            return CompleteResponse(
                status: response.status, headers: response.headers, body: .stream(write),
                contentType: contentType, position: position)
        }
        let content = try response.content(for: request)
        return CompleteResponse(
            status: response.status, headers: response.headers, body: .bytes(content?.bytes ?? []),
            contentType: content?.contentType, position: position)
    }

    /// Bodies are JSON as it is.
    private static func checkMediaType(_ incoming: IncomingRequest) throws {
        guard incoming.body.readableBytes > 0 else { return }
        let encoding = incoming.head.headers[.contentEncoding] ?? ""
        guard ["", "identity"].contains(encoding.lowercased().filter { $0 != " " }) else {
            throw Failure(
                .unsupportedMediaType, code: "unsupported_media_type",
                "A body is read as it is and not unpacked. Send it without Content-Encoding.")
        }
        let field = incoming.head.headers[.contentType] ?? ""
        let type = field.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json")) else {
            throw Failure(
                .unsupportedMediaType, code: "unsupported_media_type",
                "A body is read as JSON only. Send it with Content-Type: application/json.")
        }
    }

    /// Waits until the log has the position that the client has seen (DESIGN.md, invariant 3).
    private func waitForPosition(_ field: String?) async throws -> LogPosition? {
        guard let field else { return nil }
        guard let number = Int64(field), number >= 0 else {
            throw Failure(
                .malformed, code: "malformed_position",
                "Millrace-Position takes a position as a response gave it, for example 1042.")
        }
        let wanted = LogPosition(number)
        guard try await log.waitUntilSeen(wanted, atMost: positionWait) else {
            throw Failure(
                .unavailable, code: "position_not_reached",
                "This server has not seen position \(wanted) yet; it is at \(log.head). Try again.",
                details: [.init("position", .integer(log.head.value))], retryAfter: 1)
        }
        return wanted
    }
}
