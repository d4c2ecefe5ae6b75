import API
import Caching
import ChangeLog
import Commerce
import Core
import Foundation
import FoundationNetworking
import Logging
import TestKit
import Testing

/// A server of the shop's routes on a free port, with a store of its own, and an administrator's key to it.
struct LiveServer: Sendable {
    /// What the server answered.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        /// The body as an object.
        func json() throws -> JSONObject {
            guard case .object(let object) = try JSONParser.parse(body) else {
                throw Failure.internal("The body is no object.")
            }
            return object
        }
    }

    let store: TestStore
    let key: String
    private let base: URL
    private let session = URLSession(configuration: LiveServer.patient)

    /// A request may wait for its turn longer than a minute where many tests share few processors.
    private static let patient: URLSessionConfiguration = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 300
        return configuration
    }()

    /// Starts a server, runs the closure with it, and stops it.
    static func run(
        _ engine: TestStore.Engine, routes: [Route], _ body: (LiveServer) async throws -> Void
    ) async throws {
        try await run(try await TestStore(engine, schemas: schemas), routes: routes, body)
    }

    /// The tables that the server needs.
    static let schemas = Commerce.schemas + [APISchema.schema]

    /// Starts a server of a store, runs the closure with it, and stops it.
    static func run(
        _ store: TestStore, routes: [Route], cache: Cache? = nil, _ body: (LiveServer) async throws -> Void
    ) async throws {
        let credentials = Credentials(log: store.log, metrics: store.metrics)
        let key = try #require(try await credentials.ensureAdmin(nil))
        let settings = try SettingsRegistry(APISettings.all).values(from: [
            SettingsSource(name: "test", texts: ["api.port": "0"])
        ])
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let server = try APIServer(
            routes: routes, log: store.log, credentials: credentials, settings: settings, metrics: store.metrics,
            cache: cache, logger: Logger(label: "test"), onListening: { _, port in listening.yield(port) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A server that cannot listen must not leave the test waiting.
                defer { listening.finish() }
                try await server.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let url = try #require(URL(string: "http://127.0.0.1:\(port)"))
            let live = LiveServer(store: store, key: key, base: url)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(live)) } catch { outcome = .failure(error) }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
            try outcome.get()
        }
    }

    private init(store: TestStore, key: String, base: URL) {
        self.store = store
        self.key = key
        self.base = base
    }

    /// The key of a tenant that is made for it.
    func keyOfAnotherTenant(scopes names: [String]) async throws -> String {
        let credentials = Credentials(log: store.log, metrics: store.metrics)
        let scopes = try #require(Scopes(names))
        let tenant = try await store.log.write(TestStore.context) {
            try credentials.createTenant(named: "stranger", in: $0)
        }.value
        return try await store.log.write(ChangeContext(tenant: tenant, actor: "test")) {
            try credentials.create(name: "stranger", scopes: scopes, in: $0)
        }.value.text
    }

    /// Sends a request with the administrator's key and returns whatever is answered.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        let json = ["Content-Type": "application/json"]
        return try await send(
            method, path, bytes: body.map { Array($0.utf8) },
            headers: (body == nil ? [:] : json).merging(headers) { $1 })
    }

    /// Sends a request whose body need not be JSON.
    func send(
        _ method: String, _ path: String, bytes: [UInt8]?, headers: [String: String]
    ) async throws -> Answer {
        let url = try #require(URL(string: path, relativeTo: base))
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        request.httpBody = bytes.map { Data($0) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        let fields = answer.allHeaderFields.map { ("\($0.key)".lowercased(), "\($0.value)") }
        return Answer(
            status: answer.statusCode, headers: Dictionary(fields) { $1 }, body: [UInt8](data))
    }
}
