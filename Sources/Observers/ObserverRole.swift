public import Caching
public import ChangeLog
public import Core
public import Expressions
import Foundation
public import Logging
public import Outbound
public import ServiceLifecycle
import Storage
public import Telemetry

/// Observers: the role that acts on every change.
///
/// A program that imports it makes one on a log, serves or calls ``observers``, ``deadLetters`` and ``events``, and
/// runs ``services``.
public final class ObserverRole: Sendable {
    /// What observers reach beside the database.
    public struct Surroundings: Sendable {
        /// Sends requests.
        public var sender: HTTPSender
        /// Sends mail, if that is configured.
        public var mail: SMTPClient?
        /// Publishes to NATS, if that is configured.
        public var nats: NATSClient?
        /// Redis, if that is configured.
        public var redis: RedisClient?
        /// The variables of the server by their names. Definitions of the operator name some of them as secrets.
        public var environment = ProcessInfo.processInfo.environment
        /// What can be looked up.
        public var lookups: [EntityLookup] = []
        /// The fields of known types of entities, by type.
        public var catalogs: [String: FieldCatalog] = [:]

        /// Surroundings with nothing but HTTP.
        public init(sender: HTTPSender) {
            self.sender = sender
        }
    }

    /// The log that they watch.
    public let log: ChangeLog
    /// Who watches for what.
    public let observers: Observers
    /// What could not be delivered.
    public let deadLetters: DeadLetters
    /// What happened, and what was done about it.
    public let events: Events
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    private let file: ObserverFileService

    /// The role on a log. It does nothing until its services run.
    public init(
        _ log: ChangeLog, _ surroundings: Surroundings, settings: SettingsValues = .defaults,
        metrics registry: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        let metrics = ObserverMetrics(registry)
        let statements = NamedStatements(timeout: .milliseconds(settings[ObserversSettings.statementTimeout]))
        let lookups = LookupReader(log, surroundings.lookups, metrics: metrics)
        let checks = DefinitionChecks(catalogs: surroundings.catalogs, lookups: lookups.entityTypes) {
            statements.parameters
        }
        let observers = Observers(checks: checks)
        self.observers = observers
        deadLetters = DeadLetters(observers)
        let destinations = Destinations(connections: settings[OutboundSettings.connectionsPerDestination])
        metrics.watch(destinations, registry)
        events = Events(observers, lookups, destinations)
        file = ObserverFileService(
            path: settings[ObserversSettings.file], log, observers, checks, statements, registry: registry,
            logger: logger)
        let catalog = ObserverCatalog(log, logger: logger)
        let signal = Signal()
        let partitions = Partitions(of: log, signal: signal, logger: logger)
        let recorder = OutcomeRecorder(log, partitions, statements, registry: registry, logger: logger)
        let statementRecorder = OutcomeRecorder(log, partitions, statements, registry: registry, logger: logger)
        let runner = ActionRunner(
            sender: surroundings.sender, bulk: BulkCollector(sender: surroundings.sender), mail: surroundings.mail,
            nats: surroundings.nats, redis: surroundings.redis, environment: surroundings.environment,
            logger: logger)
        let alerts = FailureAlerts(metrics: metrics, logger: logger)
        let deliveries = DeliveryService(
            log, catalog,
            DeliveryChannel.Services(
                log: log, partitions: partitions, recorder: recorder, statementRecorder: statementRecorder,
                destinations: destinations, runner: runner, lookups: lookups, metrics: metrics,
                alerts: alerts, window: settings[ObserversSettings.window], logger: logger, refresh: { signal.fire() }
            ) { observer, failure in
                await Self.pause(observer, failure, observers, log, logger)
            }, signal: signal, logger: logger)
        partitions.watch { deliveries.isActive(in: $0) }
        let matching = MatchingService(
            log, catalog, partitions, lookups, statements, settings: settings, registry: registry, metrics: metrics,
            alerts: alerts, logger: logger
        ) { deliveries.wake($0) }
        let sweeper = DeliverySweeper(
            log, partitions, settings: settings, registry: registry, metrics: metrics, logger: logger)
        services = [partitions, deliveries, matching, sweeper, file]
    }

    /// Takes over the file of observers, before anything is matched.
    ///
    /// - throws: ``Failure`` when it is not acceptable.
    public func prepare() async throws {
        try await file.start()
    }

    /// Pauses an observer whose receiver wants no more events.
    private static func pause(
        _ observer: Observer, _ failure: DeliveryFailure, _ observers: Observers, _ log: ChangeLog, _ logger: Logger
    ) async {
        do {
            let context = ChangeContext(tenant: observer.tenant, actor: "observers")
            _ = try await log.write(context, isolation: .readCommitted) { unit in
                try observers.pause(.id(observer.id), because: failure.message, in: unit)
            }
            logger.warning(
                "an observer is paused, because its receiver wants no more events",
                metadata: ["observer": "\(observer.definition.name)"])
        } catch {
            logger.warning("an observer could not be paused", metadata: ["error": "\(error)"])
        }
    }
}
