import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// Runs a channel for each action of each observer that acts.
final class DeliveryService: Service {
    /// The channel of the wake-up calls between instances of one database.
    static let notificationChannel = "millrace_deliveries"
    /// How often it looks which actions have something to deliver: what it relies on when no call comes.
    private static let pollInterval = Duration.seconds(1)
    /// How long what is under way may take to end when the service stops. What takes longer is given up, and done again
    /// by whoever goes on: other instances wait for what this one has.
    private static let patience = Duration.seconds(1)

    private let log: ChangeLog
    private let catalog: ObserverCatalog
    private let services: DeliveryChannel.Services
    private let channels = Mutex<[DeliveryChannelKey: DeliveryChannel]>([:])
    private let tasks = Mutex<[DeliveryChannelKey: Task<Void, Never>]>([:])
    private let signal: Signal
    private let logger: Logger

    /// - parameter signal: is fired when observers or partitions have changed.
    init(
        _ log: ChangeLog, _ catalog: ObserverCatalog, _ services: DeliveryChannel.Services, signal: Signal,
        logger: Logger
    ) {
        self.log = log
        self.catalog = catalog
        self.services = services
        self.signal = signal
        self.logger = logger
    }

    /// Some actions have something to deliver, here or on another instance.
    func wake(_ keys: Set<DeliveryChannelKey>) {
        let found = channels.withLock { channels in keys.compactMap { channels[$0] } }
        for channel in found { channel.wake() }
        if found.count < keys.count { signal.fire() }
        guard log.isShared else { return }
        Task { [log, logger] in
            do {
                _ = try await log.database.read { try $0.exists("SELECT pg_notify(\(Self.notificationChannel), '')") }
            } catch {
                // The others look by themselves once in a while.
                logger.debug("other instances were not called", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Whether anything is under way in a partition.
    func isActive(in partition: Int64) -> Bool {
        channels.withLock { Array($0.values) }.contains { $0.isActive(in: partition) }
    }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await services.recorder.run() }
            group.addTask { [self] in await services.statementRecorder.run() }
            group.addTask { [self] in
                await cancelWhenGracefulShutdown { [self] in await listen() }
            }
            await cancelWhenGracefulShutdown { [self] in await follow() }
            // Nobody records any more once all channels have ended.
            group.cancelAll()
        }
    }

    private func listen() async {
        for await _ in log.database.notifications(on: Self.notificationChannel) {
            for channel in channels.withLock({ Array($0.values) }) { channel.wake() }
        }
    }

    /// Keeps the channels in step with the observers, until the service stops; then lets what is under way end.
    private func follow() async {
        let deadline = await withDiscardingTaskGroup(returning: Task<Void, Never>.self) { group in
            while !Task.isCancelled {
                do {
                    for channel in try await refresh() {
                        // Not a child of what is cancelled at the end: what is under way may end by itself.
                        let task = Task { await run(channel) }
                        tasks.withLock { $0[channel.key] = task }
                        group.addTask { await task.value }
                    }
                    try await look()
                } catch {
                    logger.warning("observers could not be read", metadata: ["error": "\(error)"])
                }
                await signal.wait(atMost: Self.pollInterval)
            }
            return stopChannels()
        }
        deadline.cancel()
    }

    /// Runs a channel to its end. Until then no other one is made for its action, which would begin what this one has
    /// under way a second time.
    private func run(_ channel: DeliveryChannel) async {
        await channel.run()
        channels.withLock { $0[channel.key] = nil }
        tasks.withLock { $0[channel.key] = nil }
        signal.fire()
    }

    /// Lets all channels end, and returns what gives up those that take too long.
    private func stopChannels() -> Task<Void, Never> {
        for channel in channels.withLock({ Array($0.values) }) { channel.stop() }
        return Task {
            // It is cancelled when all have ended by themselves.
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            for task in tasks.withLock({ Array($0.values) }) { task.cancel() }
        }
    }

    /// Brings the channels in step with the observers, and returns those that are new.
    private func refresh() async throws -> [DeliveryChannel] {
        let snapshot = try await catalog.refresh()
        var plans: [DeliveryChannelKey: DeliveryChannel.Plan] = [:]
        for observer in snapshot.observers where observer.observer.isRunning {
            for action in observer.definition.actions {
                let key = DeliveryChannelKey(observer: observer.number, action: action.number)
                plans[key] = DeliveryChannel.Plan(observer: observer, action: action)
            }
        }
        return channels.withLock { channels in
            for (key, channel) in channels where plans[key] == nil { channel.stop() }
            var new: [DeliveryChannel] = []
            for (key, plan) in plans {
                if let channel = channels[key] {
                    channel.update(plan, asOf: snapshot.generation)
                } else {
                    let channel = DeliveryChannel(key, plan, asOf: snapshot.generation, services)
                    channels[key] = channel
                    new.append(channel)
                }
            }
            return new
        }
    }

    /// Wakes the channels that have something to deliver.
    private func look() async throws {
        let known = channels.withLock { $0 }
        guard !known.isEmpty else { return }
        let now = log.time.now()
        let busy = try await log.database.read { transaction in
            try known.keys.filter { try DeliveryStore.hasDue($0, at: now, in: transaction) }
        }
        for key in busy { known[key]?.wake() }
    }
}
