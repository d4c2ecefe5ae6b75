import Caching
import ChangeLog
import Core
import HTTPTypes

extension APIServices {
    /// Answers a query from the cache, or else as its route does.
    func readCached(
        _ caching: Route.Caching, _ route: Route, _ request: APIRequest
    ) async throws -> (response: APIResponse, position: LogPosition) {
        let key = try Self.key(caching, request)
        let position = log.head
        let indexed = Self.indexed(caching, request)
        if hasSeenMore(request) {
            let (response, position) = try await run(route, request)
            let computed = try Self.computed(response, of: request, at: position, indexed: indexed)
            return (.image(computed.image, .bypass), position)
        }
        let answer = try await cache.answer(
            for: key, at: position, including: indexed.map { min($0, position) },
            atLeast: indexed == nil ? request.seenPosition ?? .start : .start
        ) { [self] in
            let (response, position) = try await run(route, request)
            return try Self.computed(response, of: request, at: position, indexed: indexed)
        }
        // What is made from an index is as current as the index, and says so by the position of the log.
        let included = indexed == nil ? answer.position : max(position, answer.position)
        return (.image(answer.image, CacheStatus(answer)), included)
    }

    /// Does the same if nothing has to be waited for; else nil.
    func readCachedAtOnce(
        _ caching: Route.Caching, _ route: Route, _ request: APIRequest
    ) throws -> (response: APIResponse, position: LogPosition)? {
        let key = try Self.key(caching, request)
        let position = log.head
        if let image = cache.find(key, countsMiss: !cache.hasRedis) { return (.image(image, .memory), position) }
        // Redis may have it, and asking that takes a wait.
        guard !cache.hasRedis, !route.isLong else { return nil }
        let indexed = Self.indexed(caching, request)
        return try runAtOnce(route, request).map { response, position in
            let computed = try Self.computed(response, of: request, at: position, indexed: indexed)
            return (.image(computed.image, .computed(isStored: cache.keep(computed, for: key))), position)
        }
    }

    /// The query in a form of its own, whatever the order and the escapes of its parameters and of the members of its
    /// body, with what the credential may see.
    private static func key(_ caching: Route.Caching, _ request: APIRequest) throws -> CacheKey {
        var text = String(request.path)
        for parameter in try QueryString(request.query).parameters.sorted(by: { $0.name < $1.name }) {
            // Nothing that a parameter holds can look like the end of one.
            text += "\n\(parameter.name.utf8.count) \(parameter.value.utf8.count) \(parameter.name)=\(parameter.value)"
        }
        if request.hasBody {
            var json = JSONWriter()
            json.value(try request.json().sorted)
            text += "\n\(String(decoding: json.bytes, as: UTF8.self))"
        }
        for scope in caching.scopes where request.credential.allows(scope) { text += "\n+\(scope)" }
        return .query(QueryKey(request.tenant, text, entityTypes: caching.entityTypes))
    }

    /// What an answer includes at least that is made from an index: what the index has by now, or what the client has
    /// seen, because the route waits for that. Nil for what is read from the tables.
    private static func indexed(_ caching: Route.Caching, _ request: APIRequest) -> LogPosition? {
        caching.indexPosition.map { max($0(), request.seenPosition ?? .start) }
    }

    /// What an answer is to the cache. What the index lacked of later changes the answer lacks too.
    private static func computed(
        _ response: APIResponse, of request: APIRequest, at position: LogPosition, indexed: LogPosition?
    ) throws -> Cache.Computed {
        guard let content = try response.content(for: request), response.status == .ok, response.headers.isEmpty else {
            throw Failure.internal("The route of \(request.path) is cached, and its answers are not of the kind to be.")
        }
        return Cache.Computed(
            CachedImage(json: content.bytes, version: nil), at: min(position, indexed ?? position),
            isKept: !response.isDegraded)
    }
}

extension JSONValue {
    /// The value with the members of all objects in the order of their names.
    fileprivate var sorted: JSONValue {
        switch self {
        case .object(let object):
            .object(
                JSONObject(
                    object.members.map { .init($0.name, $0.value.sorted) }.sorted { $0.name < $1.name }))
        case .array(let elements): .array(elements.map(\.sorted))
        default: self
        }
    }
}
