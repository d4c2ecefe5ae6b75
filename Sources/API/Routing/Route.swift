import Caching
public import ChangeLog
public import Core
public import HTTPTypes
public import Storage

/// One thing that the server does: for which method and path, for whom, and how.
public struct Route: Sendable {
    /// Who may use a route.
    public enum Access: Sendable, Hashable {
        /// Everybody.
        case open
        /// Everybody on this machine; others need a credential with this scope.
        case loopback(scope: String)
        /// A credential with this scope, for example `orders:read`.
        case scope(String)
        /// A credential with both scopes, for what shows things of two kinds.
        case scopes(String, String)
    }

    /// How large a body may be; the settings say how many bytes that is.
    public enum BodyLimit: Sendable, Hashable {
        /// `api.body_limit`
        case standard
        /// `api.bulk_body_limit`
        case bulk
    }

    /// What a read route returns from decoding: the queries that run on one snapshot.
    public typealias Reading = @Sendable (any ReadTransaction) throws -> APIResponse
    /// What a read route returns from decoding where its answer is of a position that the request names: the queries,
    /// and what their snapshot must include.
    public typealias ReadingAtLeast = (position: LogPosition?, reading: Reading)
    /// What a write route returns from decoding: the work that takes effect together, or not at all.
    public typealias Writing = @Sendable (UnitOfWork) throws -> APIResponse

    /// How an entity is read whose image may be in the cache.
    struct EntityReading: Sendable {
        let entityType: String
        let find: @Sendable (Identifier, Tenant, any ReadTransaction) throws -> EntityCache.Image
    }

    /// What a route's answers are kept for: until an entity of some types changes.
    struct Caching: Sendable {
        /// As in the change log.
        let entityTypes: [String]
        /// The scopes that change what is answered.
        let scopes: [String]
        /// Where an index stands that the answers are made of; nil for what is read from the tables.
        let indexPosition: (@Sendable () -> LogPosition)?
    }

    /// What answers on the calling thread within a time, or returns nil when it cannot.
    public typealias AnsweringAtOnce = @Sendable (APIRequest, Duration) throws -> APIResponse?

    /// How a request is answered.
    enum Handler: Sendable {
        case read(@Sendable (APIRequest) throws -> ReadingAtLeast)
        case preparedRead(@Sendable (APIRequest) async throws -> ReadingAtLeast)
        case entity(EntityReading)
        case write(Isolation, @Sendable (APIRequest) async throws -> Writing)
        case custom(@Sendable (APIRequest) async throws -> APIResponse)
    }

    /// The method. A `GET` route answers `HEAD` too.
    public let method: HTTPRequest.Method
    /// The template of the path, for example `/api/v1/orders/{id}`. It names the route in metrics and in the OpenAPI
    /// document.
    public let path: String
    /// Who may use it.
    public let access: Access
    /// How large a body may be.
    public let bodyLimit: BodyLimit
    let handler: Handler
    /// What is asked before a custom handler, if anything.
    let atOnce: AnsweringAtOnce?
    /// What its answers are kept for, if they are.
    private(set) var caching: Caching?
    /// Whether the answer goes on for as long as the client listens.
    let isStream: Bool
    /// In which form its clients are told of failures.
    private(set) var failureForm = FailureForm.problem
    /// Whether it may compute for longer than an event loop can be held up.
    private(set) var isLong = false
    /// Whether it keeps the holder of a user's key to what is that user's.
    private(set) var servesUsers = false
    /// Whether a body may be of any media type; else it is JSON.
    private(set) var takesAnyMedia = false
    /// Where its reads run, if they may wait for another program in the middle.
    private(set) var executor: (any TaskExecutor)?
    /// What has to have seen a change before its client is told of success, and what a client has seen before its
    /// request begins.
    private(set) var reaching: (@Sendable (LogPosition) async throws -> Void)?

    /// Whether a request may be answered on the event loop when nothing has to be waited for.
    var canAnswerAtOnce: Bool {
        // What is in the cache needs no preparation and no computing.
        if caching != nil { return true }
        guard !isLong else { return false }
        return switch handler {
        case .read, .entity: true
        case .preparedRead, .write: false
        case .custom: atOnce != nil
        }
    }

    private init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, _ bodyLimit: BodyLimit,
        isStream: Bool = false, atOnce: AnsweringAtOnce? = nil, _ handler: Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.bodyLimit = bodyLimit
        self.isStream = isStream
        self.atOnce = atOnce
        self.handler = handler
    }
}

extension Route {
    /// A route that reads one snapshot of the data.
    ///
    /// - parameter decode: reads and checks the request, and returns the queries that answer it.
    public static func read(
        _ method: HTTPRequest.Method, _ path: String, scope: String, bodyLimit: BodyLimit = .standard,
        _ decode: @escaping @Sendable (APIRequest) throws -> Reading
    ) -> Route {
        Route(method, path, .scope(scope), bodyLimit, .read { (nil, try decode($0)) })
    }

    /// A route that reads one snapshot of the data, which includes a position that the request names.
    ///
    /// - parameter decode: reads and checks the request, and returns the queries that answer it, with the position.
    public static func pastRead(
        _ method: HTTPRequest.Method, _ path: String, scope: String,
        _ decode: @escaping @Sendable (APIRequest) throws -> ReadingAtLeast
    ) -> Route {
        Route(method, path, .scope(scope), .standard, .read(decode))
    }

    /// A route that reads one snapshot of the data, after it has waited for something other than the database: nothing
    /// is read before, so no snapshot is kept while it waits.
    ///
    /// - parameter prepare: reads and checks the request, waits, and returns the queries that answer it, with a
    ///   position that their snapshot must include.
    public static func preparedRead(
        _ method: HTTPRequest.Method, _ path: String, scope: String, bodyLimit: BodyLimit = .standard,
        _ prepare: @escaping @Sendable (APIRequest) async throws -> ReadingAtLeast
    ) -> Route {
        Route(method, path, .scope(scope), bodyLimit, .preparedRead(prepare))
    }

    /// A route that reads one entity by the identifier in its path. What it answers is the image of the entity in the
    /// change log, so it is kept until the log tells of a change of the entity.
    ///
    /// - parameters:
    ///   - entityType: as in the change log.
    ///   - find: reads the entity, or throws `not_found`.
    static func entity<Entity: JSONEncodable & Versioned & SendableMetatype>(
        _ path: String, scope: String, entityType: String,
        _ find: @escaping @Sendable (Identifier, Tenant, any ReadTransaction) throws -> Entity
    ) -> Route {
        let reading = EntityReading(entityType: entityType) { id, tenant, transaction in
            let entity = try find(id, tenant, transaction)
            return EntityCache.Image(json: JSONWriter.bytes(of: entity, capacity: 2_048), version: entity.version)
        }
        return Route(.get, path, .scope(scope), .standard, .entity(reading))
    }

    /// The same route with something changed.
    private func changed(_ change: (inout Route) -> Void) -> Route {
        var route = self
        change(&route)
        return route
    }

    /// The same route with its answers kept until an entity changes of which they are made. They must be JSON without a
    /// version, and nothing but the tenant, the query, the body and the scopes may decide them.
    ///
    /// - parameters:
    ///   - entityTypes: as in the change log.
    ///   - scopes: the scopes that change what is answered.
    ///   - indexPosition: where an index stands that the answers are made of.
    func cached(
        until entityTypes: String..., varying scopes: [String] = [],
        indexPosition: (@Sendable () -> LogPosition)? = nil
    ) -> Route {
        cached(until: entityTypes, varying: scopes, indexPosition: indexPosition)
    }

    /// The same, for a list of types.
    func cached(
        until entityTypes: [String], varying scopes: [String] = [],
        indexPosition: (@Sendable () -> LogPosition)? = nil
    ) -> Route {
        changed { $0.caching = Caching(entityTypes: entityTypes, scopes: scopes, indexPosition: indexPosition) }
    }

    /// The same route, whose failures are told in another form.
    func tellingFailures(as form: FailureForm) -> Route {
        changed { $0.failureForm = form }
    }

    /// The same route, which takes bodies of any media type.
    func takingAnyMedia() -> Route {
        changed { $0.takesAnyMedia = true }
    }

    /// The same route, which is never answered on an event loop but from the cache.
    func computingLong() -> Route {
        changed { $0.isLong = true }
    }

    /// The same route, which also serves keys that reach one user only, and keeps them to that user.
    func servingUsers() -> Route {
        changed { $0.servesUsers = true }
    }

    /// The same route, whose reads run on threads that may wait.
    func reading(on executor: (any TaskExecutor)?) -> Route {
        changed { $0.executor = executor }
    }

    /// The same route, which waits until an index has seen what its client has seen, and the change that it makes.
    func reaching(_ wait: @escaping @Sendable (LogPosition) async throws -> Void) -> Route {
        changed { $0.reaching = wait }
    }

    /// A route that changes something, in one unit of work with the memory of its `Idempotency-Key`.
    ///
    /// - parameters:
    ///   - isolation: `readCommitted` for work on rows that many change at the same time; `groupCommit` when it is
    ///     short.
    ///   - decode: reads and checks the request, and returns the work. It may wait for something other than the
    ///     database; the unit of work begins when it has returned.
    public static func write(
        _ method: HTTPRequest.Method, _ path: String, scope: String, bodyLimit: BodyLimit = .standard,
        isolation: Isolation = .serializable, _ decode: @escaping @Sendable (APIRequest) async throws -> Writing
    ) -> Route {
        Route(method, path, .scope(scope), bodyLimit, .write(isolation, decode))
    }

    /// A route that does as it likes, for what waits or asks something other than the database. It must not change
    /// data, unless to do so twice is the same as once: it takes no `Idempotency-Key`.
    ///
    /// - parameter atOnce: is asked first, on an event loop, where nothing may hold up other requests.
    public static func custom(
        _ method: HTTPRequest.Method, _ path: String, scope: String, bodyLimit: BodyLimit = .standard,
        atOnce: AnsweringAtOnce? = nil, _ answer: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Route {
        Route(method, path, .scope(scope), bodyLimit, atOnce: atOnce, .custom(answer))
    }

    /// A route like ``custom(_:_:scope:bodyLimit:_:)`` with an access other than a scope.
    public static func custom(
        _ method: HTTPRequest.Method, _ path: String, access: Access,
        _ answer: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Route {
        Route(method, path, access, .standard, .custom(answer))
    }

    /// A route whose answer goes on for as long as the client listens, such as server-sent events.
    public static func stream(
        _ method: HTTPRequest.Method, _ path: String, scope: String,
        _ answer: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Route {
        Route(method, path, .scope(scope), .standard, isStream: true, .custom(answer))
    }
}
