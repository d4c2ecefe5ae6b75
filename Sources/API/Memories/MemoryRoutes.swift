import ChangeLog
import Core
public import Embedding
import HTTPTypes
public import Memories
import Search
import Storage

extension Routes {
    /// What is remembered of users, and the parts of their documents.
    ///
    /// - parameters:
    ///   - memories: the collections that they stand in.
    ///   - embedder: turns texts into vectors; nil has clients send them.
    ///   - graphs: what clients can expect of graphs; nil where there are none.
    ///   - patience: how long a request waits until what was written can be found.
    public static func memoryRoutes(
        _ role: MemoryRole, _ memories: MemoryCollections, embedder: Embedder? = nil,
        graphs: GraphCapabilities? = nil, patience: Duration
    ) -> [Route] {
        let routes = MemoryRoutes(role, memories, embedder, patience: patience)
        let limited = routes.writing() + routes.reading() + routes.history() + routes.searching() + routes.documents()
        return (limited.map { $0.servingUsers() } + routes.telling(graphs))
            .map { route in
                // Nothing else asks the engine that may find vectors beside this server.
                let threads = route.path.hasSuffix("/search") ? role.waitingThreads : nil
                return route.reading(on: threads).reaching { try await role.waitUntilFound($0, atMost: patience) }
            }
    }
}

/// The routes of memories.
struct MemoryRoutes: Sendable {
    static let read = "memories:read"
    static let write = "memories:write"

    let role: MemoryRole
    let memories: MemoryCollections
    /// Turns texts into vectors; nil has clients send them.
    let embedder: Embedder?
    /// How long a change by filter waits until what was written can be found.
    let patience: Duration

    init(_ role: MemoryRole, _ memories: MemoryCollections, _ embedder: Embedder?, patience: Duration) {
        self.role = role
        self.memories = memories
        self.embedder = embedder
        self.patience = patience
    }

    func writing() -> [Route] {
        [
            .write(.post, "/memories", scope: Self.write, isolation: .readCommitted) { request in
                let sent = try request.readJSON { try MemoryBody.read(&$0, .memory) }
                let name = try memories.name(.memory, namespace: sent.namespace)
                let reach = UserReach(request)
                try reach.require(sent.payload)
                let bodies = try await withVectors([sent], .memory, of: request.tenant)
                return { unit in
                    try upsert(bodies, into: name, .memory, reach, in: unit)
                    return .ok(MemoryOutcome(key: sent.input.key, message: "The memory is stored."))
                }
            },
            .write(.post, "/memories/batch", scope: Self.write, bodyLimit: .bulk, isolation: .readCommitted) {
                request in
                let sent = try request.readJSON { try MemoryBody.list(&$0, member: "points", .memory) }
                let reach = UserReach(request)
                for body in sent { try reach.require(body.payload) }
                let bodies = try await withVectors(sent, .memory, of: request.tenant)
                let named = try bodies.map { ($0, try memories.name(.memory, namespace: $0.namespace)) }
                let byName = Dictionary(grouping: named, by: \.1)
                return { unit in
                    for (name, bodies) in byName.sorted(by: { $0.key < $1.key }) {
                        try upsert(bodies.map(\.0), into: name, .memory, reach, in: unit)
                    }
                    return .ok(BatchOutcome(count: bodies.count))
                }
            },
            patching(),
            .write(.delete, "/memories/{id}", scope: Self.write) { request in
                let (key, name) = try place(of: request, .memory)
                let reach = UserReach(request)
                return { unit in
                    let count = try delete(key, from: name, reach, in: unit)
                    let message = count > 0 ? "The memory is deleted." : "There was no such memory."
                    return .ok(MemoryOutcome(key: key, message: message))
                }
            },
            .write(.delete, "/memories/user/{user}", scope: Self.write) { request in
                let user = try reachableUser(request)
                let (namespace, isEverything) = try request.readQuery {
                    ($0.namespace(), $0.optionalBool("everything") ?? false)
                }
                guard !isEverything || namespace == nil else {
                    throw Failure.invalid(at: "/everything", "Either everything goes, or what is in one namespace.")
                }
                let name = try memories.name(.memory, namespace: namespace)
                let wipe = try await wipe(user, for: request.context) { tenant, transaction in
                    isEverything ? try memories.names(of: tenant, in: transaction) : [name]
                }
                return { .ok(DeletedCount(count: try wipe($0))) }
            },
        ]
    }

    /// Changes members of a payload.
    private func patching() -> Route {
        .write(.patch, "/memories/{id}", scope: Self.write) { request in
            let (key, name) = try place(of: request, .memory)
            guard case .object(let patch) = try request.json() else {
                throw Failure.invalid(at: "", "An object is expected: the members of the payload that change.")
            }
            try MemoryBody.check(patch, .memory, isWhole: false) { Failure.invalid(at: "/\($0)", $1) }
            let reach = UserReach(request)
            let revision = try await revision(of: key, in: name, by: patch, reach, request.tenant)
            return { unit in
                let collection = try role.collections.require(name, of: unit.tenant, in: unit.transaction)
                guard
                    let point = try role.points.find(
                        key, of: collection, at: unit.now, in: unit.transaction), try reach.includes(point)
                else { throw Points.notFound(key) }
                let payload = try point.payloadObject().merging(patch)
                try reach.require(payload)
                try MemoryBody.check(payload, .memory, isWhole: true) { Failure.invalid(at: "/\($0)", $1) }
                try role.points.update([key], of: collection, withVectors: revision != nil, in: unit) { point in
                    try revision?.apply(to: &point, of: collection.definition)
                    try point.replacePayload(payload, at: "")
                }
                return .ok(MemoryAnswer(key: key, payload: JSONWriter.bytes(of: payload)))
            }
        }
    }

    func reading() -> [Route] {
        [
            .pastRead(.get, "/memories/{id}", scope: Self.read) { request in
                let key = try pointKey(request)
                let (namespace, position) = try request.readQuery { query in
                    (
                        query.namespace(),
                        query.optionalInteger("as_of", in: 1...Int64.max).map { LogPosition($0) }
                    )
                }
                let name = try memories.name(.memory, namespace: namespace)
                let (tenant, reach) = (request.tenant, UserReach(request))
                let reading: Route.Reading = { transaction in
                    let point = try find(key, in: name, asOf: position, of: tenant, reach, in: transaction)
                    return .ok(MemoryAnswer(key: key, payload: point.payload))
                }
                return (position, reading)
            },
            .pastRead(.post, "/memories/scroll", scope: Self.read) { request in
                let body = try request.readBody { try MemoryScrollBody(&$0) }
                try UserReach(request).require(body.user)
                let name = try memories.name(.memory, namespace: body.namespace)
                let tenant = request.tenant
                let reading: Route.Reading = { transaction in
                    try search(
                        name, body.past, of: tenant, in: transaction, otherwise: MemoryPage(points: [], next: nil)
                    ) { try body.page($0) }
                }
                return (body.past?.neededPosition(role), reading)
            }.computingLong(),
        ]
    }

    func searching() -> [Route] {
        [
            .preparedRead(.post, "/memories/search", scope: Self.read) { request in
                let sent = try MemorySearchBody.read(request, vectorIn: "query_vector", .memory)
                try UserReach(request).require(sent.user)
                let name = try memories.name(.memory, namespace: sent.namespace)
                let body = try await withVector(sent, in: name, of: request.tenant)
                let query = try body.query(.memory)
                let tenant = request.tenant
                let reading: Route.Reading = { transaction in
                    try search(name, body.past, of: tenant, in: transaction, otherwise: MemoryHits(hits: [])) {
                        MemoryHits(hits: try $0.run(query))
                    }
                }
                return (body.past?.neededPosition(role), reading)
            }.computingLong()
        ]
    }

    // MARK: What they share

    func upsert(
        _ bodies: [MemoryBody], into name: String, _ kind: MemoryCollections.Kind, _ reach: UserReach,
        in unit: UnitOfWork
    ) throws {
        let collection = try memories.open(name, kind, in: unit)
        let drafts = try bodies.map { try $0.input.draft(for: collection.definition) }
        try role.points.upsert(drafts, into: collection, in: unit) { old in
            // What has ended is nobody's any more.
            guard try reach.includes(old) || !old.isThere(at: unit.now) else {
                throw Failure(
                    .forbidden, code: "user_out_of_reach",
                    "The id \(old.key) is taken by what is kept of somebody else: choose another.")
            }
        }
    }

    func delete(_ key: PointKey, from name: String, _ reach: UserReach, in unit: UnitOfWork) throws -> Int {
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else { return 0 }
        return try role.points.delete([key], of: collection, in: unit, where: reach.includes)
    }

    /// Searches a collection, which need not be there yet.
    ///
    /// - parameter past: what is searched in its place: what there was of a user.
    func search(
        _ name: String, _ past: MemoryPast?, of tenant: Tenant, in transaction: any ReadTransaction,
        otherwise empty: @autoclosure () -> some JSONEncodable, _ body: (CollectionSearch) throws -> some JSONEncodable
    ) throws -> APIResponse {
        guard role.collection(name, of: tenant) != nil else {
            if let past { try requirePast(of: name, tenant, at: past.position, in: transaction) }
            return .ok(empty())
        }
        if let past {
            return try role.search(name, ofUser: past.user, asOf: past.position, of: tenant, in: transaction) {
                .ok(try body($0))
            }
        }
        return try role.search(name, of: tenant, in: transaction) { .ok(try body($0)) }
    }

    /// The id in the path, and the collection that the query names.
    func place(of request: APIRequest, _ kind: MemoryCollections.Kind) throws -> (PointKey, String) {
        let key = try pointKey(request)
        guard kind == .memory else {
            try request.readQuery { _ in }
            return (key, try memories.name(kind, namespace: nil))
        }
        return (key, try memories.name(kind, namespace: request.readQuery { $0.namespace() }))
    }

    /// The id in the path.
    func pointKey(_ request: APIRequest) throws -> PointKey {
        let text = try request.parameter("id")
        guard let key = PointKey(.string(text), .text) else { throw Points.notFound(.text(String(text.prefix(64)))) }
        return key
    }

    /// The user in the path.
    ///
    /// - throws: ``Failure`` `user_out_of_reach`.
    func reachableUser(_ request: APIRequest) throws -> Int64 {
        let text = try request.parameter("user")
        guard let user = Int64(text) else {
            throw Failure.invalid(at: "", "The id of a user is a whole number, not \(text.prefix(64)).")
        }
        try UserReach(request).require(user)
        return user
    }
}

/// What was kept of a user at a position of the change log.
struct MemoryPast: Sendable {
    let user: Int64
    let position: LogPosition

    /// Reads `as_of`; nil when there is none.
    init?(_ fields: inout JSONFields, ofUser user: Int64) {
        guard let position = fields.optionalInteger("as_of", in: 1...Int64.max) else { return nil }
        self.user = user
        self.position = LogPosition(position)
    }

    /// What the tables must have where they are read: what was deleted after the position is among what was only there,
    /// while the index has let it go.
    func neededPosition(_ role: MemoryRole) -> LogPosition { max(position, role.follower.position) }
}

/// What a client goes through memory by memory.
struct MemoryScrollBody: Sendable {
    let user: Int64
    let namespace: String?
    let past: MemoryPast?
    private let filter: PayloadFilter
    private let limit: Int
    private let start: PointKey?

    init(_ fields: inout JSONFields) throws {
        user = fields.integer("user_id", in: Int64.min...Int64.max)
        let category = fields.optionalString("category", length: 1...255)
        namespace = fields.optionalString("namespace", length: MemoryCollections.namespaceLength)
        limit = Int(fields.optionalInteger("limit", in: 1...10_000) ?? 1_000)
        start = fields.optionalString("cursor", length: 1...PointKey.textLimit).map { .text($0) }
        past = MemoryPast(&fields, ofUser: user)
        filter = try .points(
            ofUser: user, texts: category.map { [("category", $0)] } ?? [], isActive: true,
            created: fields.createdRange())
    }

    func page(_ found: CollectionSearch) throws -> MemoryPage {
        let page = try found.page(from: start, limit: limit, filter: filter)
        return MemoryPage(points: page.points, next: page.next)
    }
}

extension QueryReader {
    /// The set of memories that is meant; nil is the one without a name.
    mutating func namespace() -> String? {
        optionalString("namespace", length: MemoryCollections.namespaceLength)
    }
}
