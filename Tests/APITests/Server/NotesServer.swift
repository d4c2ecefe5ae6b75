import API
import ChangeLog
import Core
import HTTPTypes
import Logging
import ServiceLifecycle
import Storage
import TestKit
import Testing

/// A live server of a few routes over notes, for tests of what every route has in common.
struct NotesServer: Sendable {
    let store: TestStore
    let credentials: Credentials
    let port: Int
    /// A key that may do everything.
    let key: String

    static let schema = Schema(
        room: "notes",
        [
            Migration(
                1, "notes",
                [
                    """
                    CREATE TABLE notes (tenant BIGINT NOT NULL, id {identifier} NOT NULL, text TEXT NOT NULL UNIQUE,
                        version BIGINT NOT NULL, PRIMARY KEY (tenant, id))
                    """
                ])
        ])

    /// Starts a server, runs the closure with it, and stops it.
    static func run(
        _ engine: TestStore.Engine = .sqlite, settings: [String: String] = [:], routes: [Route] = [],
        checks: [ReadinessCheck] = [], _ body: (NotesServer) async throws -> Void
    ) async throws {
        // The log of all tests is settled together, which takes its time while many of them run.
        let settings = ["api.drain_timeout": "0", "api.position_wait": "30000"].merging(settings) { $1 }
        try await serve(engine, settings: settings, routes: routes, checks: checks) { server, _ in
            try await body(server)
        }
    }

    /// Starts a server, runs the closure with it and with what tells it to stop, and waits until it has stopped.
    static func serve(
        _ engine: TestStore.Engine = .sqlite, settings: [String: String] = [:], routes: [Route] = [],
        checks: [ReadinessCheck] = [], _ body: (NotesServer, _ stop: @Sendable () -> Void) async throws -> Void
    ) async throws {
        let store = try await TestStore(engine, schemas: [schema, APISchema.schema])
        let credentials = Credentials(log: store.log, metrics: store.metrics)
        let key = try #require(try await credentials.ensureAdmin(nil))
        let values = try SettingsRegistry(APISettings.all).values(from: [
            SettingsSource(name: "test", texts: ["api.port": "0"].merging(settings) { $1 })
        ])
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let server = try APIServer(
            routes: Note.routes + routes, log: store.log, credentials: credentials, settings: values,
            metrics: store.metrics, checks: checks, logger: quiet,
            onListening: { _, port in listening.yield(port) })
        let services = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: quiet))
        let stop: @Sendable () -> Void = { Task { await services.triggerGracefulShutdown() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A server that cannot listen must not leave the test waiting.
                defer { listening.finish() }
                try await services.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            defer { stop() }
            try await body(NotesServer(store: store, credentials: credentials, port: port, key: key), stop)
        }
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// Sends one request on a connection of its own.
    func send(
        _ method: String, _ path: String, body: String? = nil, key: String? = nil, headers: [String: String] = [:]
    ) async throws -> RawConnection.Response {
        let connection = try connect()
        try await connection.send(request(method, path, body: body, key: key, headers: headers))
        return try await connection.response(hasBody: method != "HEAD")
    }

    /// The text of a request with the administrator's key, or another; an empty one leaves it out.
    func request(
        _ method: String, _ path: String, body: String? = nil, key: String? = nil, headers: [String: String] = [:]
    ) -> String {
        var fields = ["Host": "localhost"]
        let key = key ?? self.key
        if !key.isEmpty { fields["Authorization"] = "Bearer \(key)" }
        if let body {
            fields["Content-Type"] = "application/json"
            fields["Content-Length"] = String(body.utf8.count)
        }
        fields.merge(headers) { $1 }
        let lines = fields.map { "\($0): \($1)\r\n" }.sorted().joined()
        return "\(method) \(path) HTTP/1.1\r\n\(lines)\r\n\(body ?? "")"
    }

    /// Makes a key of the first tenant, or of another.
    func makeKey(_ scopes: [String], expiresAt: Timestamp? = nil, of tenant: Tenant = .first) async throws -> NewAPIKey
    {
        let scopes = try #require(Scopes(scopes))
        return try await store.log.write(ChangeContext(tenant: tenant, actor: "test")) { [credentials] unit in
            try credentials.create(name: "test", scopes: scopes, expiresAt: expiresAt, in: unit)
        }.value
    }

    func countNotes() async throws -> Int {
        try await store.database.read { try $0.first("SELECT COUNT(*) FROM notes") { $0.int(0) } } ?? 0
    }
}

/// The smallest entity with everything that an entity has.
struct Note: Sendable, JSONEncodable, Versioned {
    let id: Identifier
    let text: String
    let version: Int64

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("text", text)
            json.member("version", version)
        }
    }

    static let routes: [Route] = [
        .read(.get, "/notes", scope: "notes:read") { request in
            let (page, text) = try request.readQuery { ($0.page(), $0.optionalString("text", length: 1...100)) }
            return { transaction in
                var query: SQL = "SELECT id, text, version FROM notes WHERE tenant = \(request.tenant)"
                if let text { query += " AND text <> \(text)" }
                query += try SQL.page([.identifier("id")], descending: false, page)
                let total: Int64? =
                    page.countsTotal ? try transaction.first("SELECT COUNT(*) FROM notes") { $0.integer(0) } : nil
                let rows = try transaction.rows(query, read)
                return .page(Page(fetched: rows, page, total: total) { [.identifier($0.id)] })
            }
        },
        .read(.get, "/notes/{id}", scope: "notes:read") { request in
            let id = try request.identifier("id")
            return { .ok(try find(id, request.tenant, $0)) }
        },
        .write(.post, "/notes", scope: "notes:write") { request in
            let text = try request.readBody { $0.string("text", length: 1...20_000) }
            return { unit in
                if text == "refused" { throw Failure.conflict("note_refused", "This note is refused.") }
                let note = Note(id: unit.makeIdentifier(), text: text, version: 1)
                try unit.transaction.execute(
                    "INSERT INTO notes (tenant, id, text, version) VALUES (\(unit.tenant), \(note.id), \(text), 1)")
                try unit.recordInsert("note", note.id, after: JSONWriter.bytes(of: note))
                if text == "half-done" { throw Failure.conflict("note_refused", "This note is refused.") }
                return .created(note, at: "/notes/\(note.id)")
            }
        },
        .write(.post, "/notes/bulk", scope: "notes:write", bodyLimit: .bulk) { request in
            let count = try request.readBody { $0.strings("texts").count }
            return { _ in .ok(Int64(count)) }
        },
        .write(.patch, "/notes/{id}", scope: "notes:write") { request in
            let id = try request.identifier("id")
            let version = try request.requireVersion()
            let text = try request.readBody { $0.string("text", length: 1...100) }
            return { unit in
                let old = try find(id, unit.tenant, unit.transaction)
                guard old.version == version else {
                    throw Failure(
                        .preconditionFailed, code: "version_mismatch", "The note has another version.",
                        details: [.init("version", .integer(old.version))])
                }
                let note = Note(id: id, text: text, version: version + 1)
                try unit.transaction.execute(
                    "UPDATE notes SET text = \(text), version = \(note.version) WHERE id = \(id)")
                try unit.recordUpdate(
                    "note", id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: note))
                return .ok(note)
            }
        },
        .custom(.get, "/broken", scope: "notes:read") { _ in throw Failure.internal("The secret cause.") },
    ]

    private static func find(
        _ id: Identifier, _ tenant: Tenant, _ transaction: any ReadTransaction
    ) throws -> Note {
        let query: SQL = "SELECT id, text, version FROM notes WHERE tenant = \(tenant) AND id = \(id)"
        guard let note = try transaction.first(query, read) else { throw Failure.notFound("note", id) }
        return note
    }

    private static func read(_ row: Row) throws -> Note {
        Note(id: try row.identifier(0), text: row.text(1), version: row.integer(2))
    }
}

extension JSONFields {
    fileprivate mutating func strings(_ name: String) -> [String] {
        optionalStrings(name, count: 0...100_000, length: 0...10_000_000) ?? []
    }
}

extension JSONObject {
    /// A member as text, whatever it is.
    func shown(_ name: String) -> String {
        switch self[name] {
        case .string(let text), .number(let text): text
        case .bool(let flag): "\(flag)"
        case .null: "null"
        case .array(let values): "\(values.count) values"
        case .object: "object"
        case nil: "missing"
        }
    }

    /// The objects of a member that is an array.
    func elements(_ name: String) -> [JSONObject] {
        guard case .array(let values) = self[name] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
