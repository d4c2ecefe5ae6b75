public import Caching
public import ChangeLog
public import Core
import Foundation
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
public import Telemetry

/// The HTTP server: routes on an address, with their credentials, idempotency, metrics and failures.
public struct APIServer: Service {
    private let channel: HTTPServerChannel
    private let sweeper: IdempotencySweeper
    private let settings: SettingsValues
    private let logger: Logger
    private let onListening: @Sendable (_ host: String, _ port: Int) async -> Void

    /// A server of routes, to which it adds those of ``Routes/operations(log:credentials:metrics:checks:settings:)``.
    ///
    /// - parameters:
    ///   - cache: what was answered before; without one, a cache in memory.
    ///   - checks: what must be well for the server to be ready, besides its database.
    ///   - onListening: called with the address once connections are accepted.
    /// - throws: ``Failure`` `duplicate_route`, which is a defect.
    public init(
        routes: [Route], log: ChangeLog, credentials: Credentials, settings: SettingsValues, metrics: MetricsRegistry,
        cache: Cache? = nil, checks: [ReadinessCheck] = [], logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) throws {
        let services = APIServices(
            log: log,
            cache: cache ?? Cache(log.cache, redis: nil, namespace: "", settings: settings, metrics: metrics),
            credentials: credentials, idempotency: IdempotencyMemory(log: log, metrics: metrics),
            rates: TenantRates(settings, metrics), metrics: metrics,
            positionWait: .milliseconds(settings[APISettings.positionWait]), logger: logger)
        let all =
            routes
            + Routes.operations(
                log: log, credentials: credentials, metrics: metrics, checks: checks, settings: settings)
        channel = HTTPServerChannel(
            try RequestAnswerer(all, services, settings), limits: Self.limits(settings),
            budget: BodyBudget(limit: settings[APISettings.bodiesLimit], metrics), metrics)
        sweeper = IdempotencySweeper(log: log, settings: settings, metrics: metrics, logger: logger)
        self.settings = settings
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is told to stop, then lets the requests in progress finish within `api.drain_timeout`.
    ///
    /// - throws: ``Failure`` `address_unusable` when it cannot listen.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listen() }
            group.addTask {
                await cancelWhenGracefulShutdown { await sweeper.run() }
                // Done before the others, it must not end them.
                try await drain()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func listen() async throws {
        let host = settings[APISettings.host]
        let server = Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(host, port: settings[APISettings.port]), backlog: 4_096),
            onServerRunning: { [onListening] channel in
                await Self.acceptMany(on: channel)
                await onListening(host, channel.localAddress?.port ?? 0)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
        do {
            try await server.run()
        } catch let error as IOError {
            throw unusable(error)
        } catch let error as NIOConnectionError {
            throw unusable(error)
        } catch let error as SocketAddressError {
            throw unusable(error)
        }
    }

    /// A connection that is not accepted yet waits for all that is asked on others: with NIO's 16 after each turn of
    /// an event loop, of a thousand clients at once the last ones waited for seconds.
    private static func acceptMany(on channel: any Channel) async {
        // It has no effect on a channel that has been closed meanwhile, which is all that can go wrong.
        try? await channel.setOption(.maxMessagesPerRead, value: 512).get()
    }

    /// Returns when the requests in progress have had their time. Whoever is cancelled before has no more to wait for.
    private func drain() async throws {
        try? await Task.sleep(for: .milliseconds(settings[APISettings.drainTimeout]))
    }

    private func unusable(_ error: any Error) -> Failure {
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return Failure(
            .unavailable, code: "address_unusable",
            "\(settings[APISettings.host]):\(settings[APISettings.port]) cannot be listened on: \(reason). "
                + "Choose another with --host and --port.", cause: error)
    }

    /// The part that accepts connections says itself that it does, which is the business of `onListening`.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private static func limits(_ settings: SettingsValues) -> HTTPServerChannel.Limits {
        HTTPServerChannel.Limits(
            connections: settings[APISettings.connectionsLimit], headerBytes: settings[APISettings.headerLimit],
            continueBytes: settings[APISettings.bulkBodyLimit],
            times: HTTPConnectionState.Limits(
                idle: .milliseconds(Int64(settings[APISettings.idleTimeout])),
                request: .milliseconds(Int64(settings[APISettings.requestTimeout])), linger: .seconds(2)))
    }
}
