import ChangeLog
import Core
import HTTPTypes
public import Memories
import Search
import Storage

extension Routes {
    /// Collections and points as Qdrant's REST API has them, for its clients.
    ///
    /// - parameter patience: how long a request waits until what was written can be found.
    public static func qdrantRoutes(_ role: MemoryRole, patience: Duration) -> [Route] {
        let qdrant = QdrantRoutes(role, patience: patience)
        let routes =
            qdrant.collectionRoutes() + qdrant.indexRoutes() + qdrant.pointRoutes() + qdrant.payloadRoutes()
            + qdrant.searchRoutes() + qdrant.snapshotRoutes() + [qdrant.greeting()]
        return routes.map { route in
            route.tellingFailures(as: .qdrant).reaching { position in
                try await role.waitUntilFound(position, atMost: patience)
            }
        }
    }
}

/// The routes of Qdrant's REST API.
struct QdrantRoutes: Sendable {
    static let read = "memories:read"
    static let write = "memories:write"

    let role: MemoryRole
    /// How long a change by filter waits until what was written can be found.
    let patience: Duration

    init(_ role: MemoryRole, patience: Duration) {
        self.role = role
        self.patience = patience
    }

    /// What a request changes, once its collection is known.
    typealias Change = @Sendable (UnitOfWork, PointCollection) throws -> Void

    /// A route that changes a collection or its points, each as its locked row says (`readCommitted`).
    func update(
        _ method: HTTPRequest.Method, _ path: String, _ decode: @escaping @Sendable (APIRequest) throws -> Change
    ) -> Route {
        updates(method, path, isolation: .readCommitted) { request in
            let change = try decode(request)
            return (change, { $0.updated($1) })
        }
    }

    /// A route that performs an operation on the points of a collection.
    func operation(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode: @escaping @Sendable (APIRequest) throws -> QdrantOperation
    ) -> Route {
        updates(method, path) { request in
            let operation = try decode(request)
            if case .delete(.filter(let filter)) = operation, !request.isToBeDoneOnce {
                _ = try await role.deleteMost(
                    of: filter, in: request.parameter("collection"), for: request.context, patience: patience)
            }
            return (try await perform([operation]), { $0.updated($1) })
        }
    }

    /// What performs operations, once the index has what those by filter must not miss.
    func perform(_ operations: [QdrantOperation]) async throws -> Change {
        if operations.contains(where: \.isByFilter) { try await role.waitUntilAllIsFound(atMost: patience) }
        return { [role] unit, collection in
            for operation in operations { try role.perform(operation, in: collection, unit) }
        }
    }

    /// A route that changes the points of a collection, and answers in a way of its own.
    func updates(
        _ method: HTTPRequest.Method, _ path: String, isolation: Isolation = .serializable,
        _ decode:
            @escaping @Sendable (APIRequest) async throws -> (
                Change, @Sendable (QdrantAnswer, QdrantUpdate) -> APIResponse
            )
    ) -> Route {
        .write(method, path, scope: Self.write, bodyLimit: .bulk, isolation: isolation) { [role] request in
            let answer = QdrantAnswer()
            let name = try request.parameter("collection")
            let update = try request.readQuery { QdrantUpdate(&$0) }
            let (change, respond) = try await decode(request)
            return { unit in
                let collection = try role.collections.require(name, of: unit.tenant, in: unit.transaction)
                try change(unit, collection)
                return respond(answer, update)
            }
        }
    }

    /// A route that asks the index of a collection, and with it the engine beside this server that finds vectors.
    func search(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode:
            @escaping @Sendable (APIRequest) throws -> @Sendable (CollectionSearch, inout JSONWriter) throws -> Void
    ) -> Route {
        look(method, path, decode).reading(on: role.waitingThreads)
    }

    /// A route that asks the index of a collection without its vectors.
    func look(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode:
            @escaping @Sendable (APIRequest) throws -> @Sendable (CollectionSearch, inout JSONWriter) throws -> Void
    ) -> Route {
        .read(method, path, scope: Self.read, bodyLimit: .bulk) { [role] request in
            let answer = QdrantAnswer()
            let name = try request.parameter("collection")
            try request.readQuery { QdrantUpdate.ignore(&$0) }
            let tenant = request.tenant
            let search = try decode(request)
            return { transaction in
                try role.search(name, of: tenant, in: transaction) { found in
                    try answer.response { try search(found, &$0) }
                }
            }
        }.computingLong()
    }
}

/// What the query of an update says.
struct QdrantUpdate: Sendable {
    /// Whether the client waits until the update can be found.
    let waits: Bool

    init(_ query: inout QueryReader) {
        waits = query.optionalBool("wait") ?? false
        _ = query.optionalString("ordering", length: 1...16)
        Self.ignore(&query)
    }

    /// Takes what concerns several machines, of which there is one.
    static func ignore(_ query: inout QueryReader) {
        _ = query.optionalInteger("timeout", in: 1...86_400)
        _ = query.optionalString("consistency", length: 1...16)
    }
}

extension QdrantUpdate: JSONEncodable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("operation_id", 0)
            json.member("status", waits ? "completed" : "acknowledged")
        }
    }
}
