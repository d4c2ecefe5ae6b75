public import ChangeLog
public import Core
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
public import Telemetry

/// The HTTP server: routes on an address, with their credentials, idempotency, metrics and failures.
public struct APIServer: Service {
    private let connections: HTTP1Connections
    private let sweeper: IdempotencySweeper
    private let settings: SettingsValues
    private let logger: Logger
    private let onListening: @Sendable (_ host: String, _ port: Int) async -> Void

    /// A server of routes, to which it adds those of ``Routes/operations(log:credentials:metrics:checks:settings:)``.
    ///
    /// - parameters:
    ///   - checks: what must be well for the server to be ready, besides its database.
    ///   - onListening: called with the address once connections are accepted.
    /// - throws: ``Failure`` `duplicate_route`, which is a defect.
    public init(
        routes: [Route], log: ChangeLog, credentials: Credentials, settings: SettingsValues, metrics: MetricsRegistry,
        checks: [ReadinessCheck] = [], logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) throws {
        let services = APIServices(
            log: log, credentials: credentials, idempotency: IdempotencyMemory(log: log, metrics: metrics),
            metrics: metrics, positionWait: .milliseconds(settings[APISettings.positionWait]), logger: logger)
        let all =
            routes
            + Routes.operations(
                log: log, credentials: credentials, metrics: metrics, checks: checks, settings: settings)
        connections = HTTP1Connections(
            answerer: try RequestAnswerer(all, services, settings),
            timeouts: .init(
                idle: .milliseconds(Int64(settings[APISettings.idleTimeout])),
                request: .milliseconds(Int64(settings[APISettings.requestTimeout]))),
            headerLimit: settings[APISettings.headerLimit],
            connections: metrics.gauge("http_connections", "Open connections.").with())
        sweeper = IdempotencySweeper(log: log, settings: settings, metrics: metrics, logger: logger)
        self.settings = settings
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is told to stop, then lets the requests in progress finish.
    public func run() async throws {
        let host = settings[APISettings.host]
        let server = Server(
            childChannelSetup: connections,
            configuration: ServerConfiguration(
                address: .hostname(host, port: settings[APISettings.port]), backlog: 4_096,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings[APISettings.connectionsLimit], logger: logger)),
            onServerRunning: { [onListening] channel in
                await onListening(host, channel.localAddress?.port ?? 0)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [sweeper] in await cancelWhenGracefulShutdown { await sweeper.run() } }
            group.addTask { try await server.run() }
        }
    }
}
