import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// Makes indexes beside the follower, one at a time: whole ones that take the place of others, and fields of payloads.
final class IndexBuilder: Service {
    /// How long it waits after a failure before it tries again.
    private static let pause = Duration.seconds(1)

    /// What is done before each step, for tests that hold it up.
    let onStep = Mutex<(@Sendable (CollectionIndexes.BuildStep) async throws -> Void)?>(nil)

    private let indexes: CollectionIndexes
    private let builds: MetricsFamily<Counter>
    private let logger: Logger

    init(_ indexes: CollectionIndexes, metrics: MetricsRegistry, logger: Logger) {
        self.indexes = indexes
        self.logger = logger
        builds = metrics.counter(
            "index_builds_total",
            "How often an index was made beside the one that is searched: made, given_up when the collection changed "
                + "or went, or failed.", labels: ["outcome"])
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(BackgroundExecutor.shared) { await self.build() }
        }
    }

    private func build() async {
        do {
            while true {
                let indexes = indexes
                guard let next = indexes.nextBuild else {
                    try await indexes.builds.wait(atMost: .seconds(60)) { indexes.nextBuild != nil }
                    continue
                }
                do {
                    try await make(next)
                    builds.with("made").increment()
                } catch is CollectionIndexes.Overtaken {
                    builds.with("given_up").increment()
                } catch let failure where !(failure is CancellationError) {
                    builds.with("failed").increment()
                    logger.warning("an index was not made; it is tried again", metadata: ["error": "\(failure)"])
                    try await indexes.builds.wait(atMost: Self.pause) { false }
                }
                // Those who wait for it look again.
                indexes.builds.fire()
            }
        } catch {
            // Only the end of the server ends the loop.
            return
        }
    }

    private func make(_ build: CollectionIndexes.Build) async throws {
        let start = ContinuousClock.now
        let step = { @Sendable [self] (step: CollectionIndexes.BuildStep) in
            let body = onStep.withLock { $0 }
            try await body?(step)
        }
        let index: CollectionIndex
        switch build {
        case .replacement(let old):
            index = old
            try await indexes.replace(old, at: step)
        case .fields(let found):
            index = found
            try await indexes.indexFields(of: found, at: step)
        }
        logger.info(
            "an index was made beside the one that is searched",
            metadata: ["collection": "\(index.collection.name)", "seconds": "\(ContinuousClock.now - start)"])
    }
}
