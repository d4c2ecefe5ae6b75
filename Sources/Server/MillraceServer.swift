import API
import ChangeLog
import Commerce
public import Core
import Embedding
public import Logging
import ServiceLifecycle
import Storage
public import Telemetry
import UnixSignals

/// The composition root: it makes the services of all rooms out of settings and a data directory, runs them, and stops
/// them in turn. Nothing else knows all of them.
public struct MillraceServer: Sendable {
    /// What a server is made of.
    public struct Configuration: Sendable {
        /// Where the files are.
        public var dataDirectory: String
        /// The value of every setting.
        public var settings: SettingsValues
        /// The key that an administrator chose; without one a new data directory gets a random key.
        public var adminKey: String?
        /// Whether an empty shop is filled with a sample.
        public var fillsSample = false

        /// A server of a data directory.
        public init(dataDirectory: String, settings: SettingsValues = .defaults, adminKey: String? = nil) {
            self.dataDirectory = dataDirectory
            self.settings = settings
            self.adminKey = adminKey
        }
    }

    /// What whoever started the server must be told.
    public enum Announcement: Sendable {
        /// The text of a key that was just made; nobody can show it again.
        case adminKey(String)
        /// It accepts connections at an address; with a sample, this key opens it.
        case listening(address: String, sampleKey: String?)
    }

    private let configuration: Configuration
    private let metrics: MetricsRegistry
    private let logger: Logger
    private let announce: @Sendable (Announcement) -> Void

    /// A server that has not started.
    ///
    /// - parameter announce: is told what the one who starts it must know, in its order.
    public init(
        _ configuration: Configuration, metrics: MetricsRegistry, logger: Logger,
        announce: @escaping @Sendable (Announcement) -> Void
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.announce = announce
    }

    /// Serves until the process is told to end (SIGTERM, SIGINT) or the task is cancelled. Then it lets the requests in
    /// progress finish, for as long as `api.drain_timeout` allows, and leaves the files whole.
    ///
    /// - throws: ``Failure`` when the files cannot be opened, a key is too weak, or the address cannot be listened on.
    public func run() async throws {
        ProcessMetrics.register(in: metrics, version: Version.current)
        let store = try await Store.open(
            configuration.dataDirectory, settings: configuration.settings, metrics: metrics)
        do {
            try await serve(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        logger.info("stopped")
    }

    private func serve(_ store: Store) async throws {
        let newKey = try await store.credentials.ensureAdmin(configuration.adminKey)
        if let newKey { announce(.adminKey(newKey)) }
        var sampleKey: String?
        if configuration.fillsSample {
            try await SampleShop.fill(store)
            sampleKey = try await SampleShop.key(store, configuration.adminKey ?? newKey)
        }
        let search = ServerSearch(store, settings: configuration.settings, logger: logger)
        let observers = try ServerObservers(store, settings: configuration.settings, logger: logger)
        let embedder = try Embedder(settings: configuration.settings, metrics: metrics, logger: logger)
        defer { embedder?.close() }
        let memories = try ServerMemories(
            store, embedder: embedder, settings: configuration.settings, logger: logger)
        let knowledge = try ServerKnowledge(
            store, embedder: embedder, settings: configuration.settings, logger: logger)
        do {
            try await observers.prepare()
            try await memories.prepare()
            try await knowledge.prepare()
            let recommendations = ServerRecommendations(store, settings: configuration.settings, logger: logger)
            try await run(services(store, search, observers, memories, knowledge, recommendations, sampleKey))
        } catch {
            observers.close()
            await search.close()
            memories.close()
            await knowledge.close()
            throw error
        }
        observers.close()
        await search.close()
        memories.close()
        await knowledge.close()
    }

    private func run(_ services: [any Service]) async throws {
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .milliseconds(
            Int64(configuration.settings[APISettings.drainTimeout]) + Self.shutdownReserve)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch is CancellationError {
            logger.notice("some requests did not finish in time and were cut off")
        } catch let failure as Failure {
            throw failure
        } catch {
            let settings = configuration.settings
            throw Failure(
                .unavailable, code: "server_failed",
                "The server at \(settings[APISettings.host]):\(settings[APISettings.port]) cannot go on: \(error). "
                    + "Choose another --host or --port when that one is taken.", cause: error)
        }
    }

    /// How many milliseconds the background services have to stop after the last request has.
    private static let shutdownReserve: Int64 = 2_000

    /// What runs, in the order in which it starts. It stops in the opposite order, so the requests end first.
    private func services(
        _ store: Store, _ search: ServerSearch, _ observers: ServerObservers, _ memories: ServerMemories,
        _ knowledge: ServerKnowledge, _ recommendations: ServerRecommendations, _ sampleKey: String?
    ) throws -> [any Service] {
        let settings = configuration.settings
        let api = try APIServer(
            routes: Routes.commerce(store.commerce) + search.routes + observers.routes + memories.routes
                + knowledge.routes + recommendations.routes,
            log: store.log,
            credentials: store.credentials,
            settings: settings, metrics: metrics, cache: store.cache,
            checks: search.checks + memories.checks + knowledge.checks + recommendations.checks,
            logger: logger
        ) { [announce] host, port in
            announce(.listening(address: "http://\(Self.inAddress(host)):\(port)", sampleKey: sampleKey))
        }
        let clocks: [any Service] = store.sharedTime.map { [$0] } ?? []
        let tail = LogTail(store.log, settings: settings, metrics: metrics, logger: logger)
        let roles = observers.services + memories.services + knowledge.services + recommendations.services
        return clocks + [tail] + search.services + roles + [
            Retention(store.log, settings: settings, metrics: metrics, logger: logger),
            ReservationSweeper(
                store.commerce.inventory, log: store.log, settings: settings, metrics: metrics, logger: logger),
            api,
        ]
    }

    /// A host as it stands in an address: IPv6 addresses in brackets.
    private static func inAddress(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host
    }
}
