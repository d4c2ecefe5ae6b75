public import Core
public import Logging
import Storage
public import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Lets one instance at a time do background work that must happen once.
///
/// The lease is a row in the database that its holder renews; who stops gives it back, and of who is gone it expires.
/// A ``LeaseGrant`` fences the writes of the work, so that not even a holder who stood still can do it twice.
public final class Lease: Sendable {
    private typealias Machine = LeaseStateMachine

    private let row: LeaseRow
    private let database: any Database
    private let databaseTime: @Sendable () -> SQL
    private let duration: Duration
    private let held: Gauge
    private let acquisitions: Counter
    let logger: Logger
    private let origin = ContinuousClock.now

    /// A lease in the database of a log. It is not held before ``hold(_:)``.
    ///
    /// - parameter name: what it is for, as its row and its metrics say.
    public convenience init(
        _ name: String, of log: ChangeLog, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger
    ) {
        self.init(name, of: log, settings: settings, metrics: metrics, logger: logger) {
            log.database.dialect.now(log.time.now())
        }
    }

    /// - parameter databaseTime: the clock of the database, for tests that move it.
    init(
        _ name: String, of log: ChangeLog, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger,
        databaseTime: @escaping @Sendable () -> SQL
    ) {
        row = LeaseRow(name: name, holder: Self.newHolder(at: log.time.now()))
        database = log.database
        self.databaseTime = databaseTime
        duration = .seconds(settings[LeaseSettings.duration])
        held = metrics.gauge("lease_held", "Whether this instance holds a lease: 1 or 0.", labels: ["lease"])
            .with(name)
        acquisitions = metrics.counter(
            "lease_acquisitions_total", "How often this instance took a lease.", labels: ["lease"]
        ).with(name)
        var logger = logger
        logger[metadataKey: "lease"] = "\(name)"
        self.logger = logger
    }

    /// Works while the lease is held, again each time that it is, until the task is cancelled. Then it gives the lease
    /// back and returns.
    ///
    /// - parameter work: is cancelled before the lease can have expired. It ends soon after that, and also when a check
    ///   of its grant says `lease_lost`.
    public func hold(_ work: @escaping @Sendable (LeaseGrant) async -> Void) async {
        var machine = Machine(duration: duration)
        var worker: Task<Void, Never>?
        var isCancelled = false
        await withTaskGroup(of: Machine.Event.self) { group in
            var actions = machine.start()
            while true {
                for action in actions {
                    switch action {
                    case .ask(let request): group.addTask { await self.answer(to: request) }
                    case .wake(let moment): group.addTask { await self.wake(at: moment) }
                    case .stop: worker?.cancel()
                    case .begin(let token):
                        let begun = begin(token, work)
                        worker = begun
                        group.addTask {
                            await begun.value
                            return .ended
                        }
                    }
                }
                guard !machine.isDone, let event = await group.next() else { break }
                if event == .ended { held.set(0) }
                actions = machine.handle(event, at: now)
                // A cancellation ends all waits, so there is an event soon after it.
                if Task.isCancelled, !isCancelled {
                    isCancelled = true
                    actions += machine.handle(.cancelled, at: now)
                }
            }
            group.cancelAll()
        }
    }

    private var now: Duration { ContinuousClock.now - origin }

    private func begin(
        _ token: Int64, _ work: @escaping @Sendable (LeaseGrant) async -> Void
    ) -> Task<Void, Never> {
        held.set(1)
        acquisitions.increment()
        logger.debug("holds the lease", metadata: ["token": "\(token)"])
        let grant = LeaseGrant(token: token, row: row)
        return Task { await work(grant) }
    }

    private func wake(at moment: Duration) async -> Machine.Event {
        // A cancelled wait is over too.
        try? await Task.sleep(until: origin + moment, clock: .continuous)
        return .woken
    }

    /// Asks the database in a task of its own: what was asked is answered even when nobody works any more.
    private func answer(to request: Machine.Request) async -> Machine.Event {
        await Task { [self] in
            do {
                return try await send(request, asked: now)
            } catch {
                logger.warning("a lease could not be asked for; it is tried again", metadata: ["error": "\(error)"])
                return .failed(request)
            }
        }.value
    }

    private func send(_ request: Machine.Request, asked: Duration) async throws -> Machine.Event {
        let (row, duration, databaseTime) = (row, duration, databaseTime)
        switch request {
        case .acquire:
            let token = try await database.write(.readCommitted) {
                try row.acquire(for: duration, now: databaseTime(), in: $0)
            }
            return token.map { .acquired(token: $0, asked: asked) } ?? .refused
        case .renew(let token):
            let isHeld = try await database.write(.readCommitted) {
                try row.renew(token, for: duration, now: databaseTime(), in: $0)
            }
            if !isHeld { logger.notice("the lease was taken over") }
            return isHeld ? .renewed(token: token, asked: asked) : .lost(token: token)
        case .release(let token):
            try await database.write(.readCommitted) { try row.release(token, in: $0) }
            return .released
        }
    }

    /// A text that no other holder has, which begins with the name of the machine for those who look at the table.
    private static func newHolder(at now: Timestamp) -> String {
        var name = [CChar](repeating: 0, count: 256)
        // The identifier alone makes it unique, so a machine without a name will do.
        _ = gethostname(&name, name.count - 1)
        let machine = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return "\(String(decoding: machine, as: UTF8.self))/\(IdentifierGenerator().next(at: now))"
    }
}
