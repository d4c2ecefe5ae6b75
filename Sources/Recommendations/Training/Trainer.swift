import ChangeLog
import Core
import Dispatch
import Learning
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// Learns the models of tenants anew, one after the other, beside what else the server does.
final class Trainer: Service {
    /// How long it waits at most before it looks whether there is something to do.
    private static let pollInterval = Duration.milliseconds(500)

    private let log: ChangeLog
    private let index: RecommendationIndex
    private let settings: TrainingSettings
    private let logger: Logger
    private let metrics: TrainingMetrics
    private let queue: Mutex<TrainingQueue>

    init(
        _ log: ChangeLog, _ index: RecommendationIndex, settings: SettingsValues, metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.log = log
        self.index = index
        self.settings = TrainingSettings(settings)
        queue = Mutex(TrainingQueue(self.settings.schedule))
        self.metrics = TrainingMetrics(metrics)
        self.logger = logger
        let unlearnt = metrics.gauge(
            "recommendation_unlearnt_changes",
            "Changes of items and interactions that no model has been learnt from yet."
        ).with()
        metrics.onCollect { [weak self] in unlearnt.set(Double(self?.unlearntChanges ?? 0)) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.goOn() }
    }

    private func goOn() async {
        while !Task.isCancelled {
            do {
                if try await trainNext() { continue }
                try await log.waitForChange(after: log.head, atMost: Self.pollInterval)
            } catch { return }
        }
    }

    /// Learns the model that has waited longest, if one is due.
    ///
    /// - parameter moment: when it is decided whether one is due.
    /// - returns: whether one was.
    @discardableResult
    func trainNext(at moment: ContinuousClock.Instant = .now) async throws -> Bool {
        guard index.isReady, let (candidate, index) = nextDue(at: moment) else { return false }
        let tenant = candidate.tenant
        let start = ContinuousClock.now
        do {
            let job = TrainingJob(index, settings, name: log.time.now().description)
            try await Self.inBackground { [all = self.index] check in
                let model = try job.run(checking: check)
                index.swap(model)
                // It takes as long as a file of this size does, which is for this thread to wait for.
                all.save(model, of: index, tenant)
            }
            metrics.trainings.increment()
            metrics.duration.observe(ContinuousClock.now - start)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            metrics.failures.increment()
            logger.error(
                "A model was not learnt; the one before it stays.",
                metadata: ["tenant": "\(tenant.number)", "error": "\(error)"])
        }
        let end = ContinuousClock.now
        queue.withLock { $0.ended(candidate, from: start, at: end) }
        return true
    }

    /// How many changes of items and interactions came after those that the models were learnt from.
    private var unlearntChanges: UInt64 {
        let candidates = candidates
        return queue.withLock { queue in candidates.reduce(0) { $0 + queue.newChanges(of: $1.candidate) } }
    }

    private func nextDue(
        at now: ContinuousClock.Instant
    ) -> (candidate: TrainingQueue.Candidate, index: TenantIndex)? {
        let candidates = candidates
        let next = queue.withLock { $0.next(of: candidates.map(\.candidate), now: now) }
        return candidates.first { $0.candidate.tenant == next }
    }

    private var candidates: [(candidate: TrainingQueue.Candidate, index: TenantIndex)] {
        index.tenants.map { tenant, index in
            let model = index.snapshot.model
            let candidate = TrainingQueue.Candidate(
                tenant: tenant, generation: index.generation, changes: index.changeCount,
                learnt: model.hybrid == nil ? nil : model.changeCount)
            return (candidate, index)
        }
    }

    /// Runs a closure on a thread of its own. What it is given throws once the task is cancelled.
    private static func inBackground<T: Sendable>(
        _ body: @escaping @Sendable (@escaping @Sendable () throws -> Void) throws -> T
    ) async throws -> T {
        let isCancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                NamedThread.start("training", stackSize: 8 << 20) {
                    continuation.resume(with: Result { try body { try isCancelled.check() } })
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }
}

/// Whether a training is to end.
private final class CancellationFlag: Sendable {
    private let value = Atomic<Bool>(false)

    func set() { value.store(true, ordering: .relaxed) }

    func check() throws {
        if value.load(ordering: .relaxed) { throw CancellationError() }
    }
}

/// What is counted of trainings.
private struct TrainingMetrics {
    let trainings: Counter
    let failures: Counter
    let duration: Histogram

    init(_ metrics: MetricsRegistry) {
        trainings = metrics.counter(
            "recommendation_trainings_total", "Models of recommendations that were learnt."
        ).with()
        failures = metrics.counter(
            "recommendation_training_failures_total", "Models of recommendations that could not be learnt."
        ).with()
        duration = metrics.histogram(
            "recommendation_training_seconds", "How long it took to learn a model of recommendations."
        ).with()
    }
}
