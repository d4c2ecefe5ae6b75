import ChangeLog
import Core
import Logging
import Search
import ServiceLifecycle
import Synchronization
import Telemetry

/// Repeats some of the searches exactly, beside what else the server does, to tell how much of what is nearest they
/// find.
///
/// Where that is too little the index of the collection is made anew.
final class RecallChecker: Service {
    /// How many of the nearest count.
    private static let depth = 10
    /// How many searches wait to be repeated at most; of more than that the latest are passed over.
    private static let waitingLimit = 16
    /// The share of the latest search in the moving mean, and how many there must have been before it is believed.
    private static let (weight, leastCount) = (0.02, 100)

    private struct Sample {
        let index: CollectionIndex
        let place: Int
        let search: VectorSearch
    }

    private struct Mean {
        var value = 1.0
        var count = 0
    }

    private let indexes: CollectionIndexes
    private let share: Double
    /// The least part that searches must find.
    let bound: Double
    private let recall: MetricsFamily<Gauge>
    private let logger: Logger
    private let signal = ChangeSignal()
    private let waiting = Mutex<[Sample]>([])
    private let means = Mutex<[Int64: Mean]>([:])

    init(_ indexes: CollectionIndexes, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger) {
        self.indexes = indexes
        self.logger = logger
        share = Double(settings[MemoriesSettings.recallSample]) / 100_000
        bound = Double(settings[MemoriesSettings.recallBound]) / 100
        recall = metrics.gauge(
            "vector_recall_at_10",
            "The part of the ten nearest that searches find, by a sample of them that is repeated exactly.",
            labels: ["tenant", "collection"])
    }

    /// Notes a search to be repeated, now and then.
    func note(_ search: VectorSearch, at place: Int, in index: CollectionIndex) {
        guard share > 0, !search.isExact, Double.random(in: 0..<1) < share else { return }
        let isNoted = waiting.withLock { waiting in
            guard waiting.count < Self.waitingLimit else { return false }
            var search = search
            // How well the index finds is asked, not how little a client was content with.
            (search.k, search.scoreThreshold, search.breadth) = (Self.depth, nil, nil)
            waiting.append(Sample(index: index, place: place, search: search))
            return true
        }
        if isNoted { signal.fire() }
    }

    /// The part of what is nearest that searches in a collection have found of late; nil before any was repeated.
    func recall(_ number: Int64) -> Double? { means.withLock { $0[number]?.value } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(self.indexes.engines.external?.threads) { await self.check() }
        }
    }

    private func check() async {
        while !Task.isCancelled {
            guard let sample = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                do {
                    try await signal.wait(atMost: .seconds(60)) { self.waiting.withLock { !$0.isEmpty } }
                } catch { return }
                continue
            }
            do {
                try compare(sample)
            } catch {
                logger.warning("a search could not be repeated", metadata: ["error": "\(error)"])
            }
            await Task.yield()
        }
    }

    private func isCurrent(_ index: CollectionIndex) -> Bool {
        indexes.find(index.collection.name, of: index.collection.tenant) === index
    }

    private func compare(_ sample: Sample) throws {
        // What an index finds that is made anew says nothing of the one that takes its place.
        guard isCurrent(sample.index), !indexes.isRemaking(sample.index.collection.number) else { return }
        let found = try sample.index.search { snapshot -> Double? in
            let slots = SlotDirectory(
                key: snapshot.key(at:), slot: sample.index.slot(of:), vectors: { _ in [:] })
            return try snapshot.vectors[sample.place].checkedRecall(of: sample.search, of: slots)
        }
        guard let found else { return }
        let collection = sample.index.collection
        let mean = means.withLock { means in
            var mean = means[collection.number] ?? Mean()
            mean.count += 1
            mean.value += (found - mean.value) * max(Self.weight, 1 / Double(mean.count))
            means[collection.number] = mean
            return mean
        }
        recall.with(String(collection.tenant.number), collection.name).set(mean.value)
        guard mean.count >= Self.leastCount, mean.value < bound else { return }
        means.withLock { $0[collection.number] = nil }
        guard !sample.index.vectors[sample.place].isElsewhere else {
            logger.warning(
                "searches of the vector engine find too little of what is nearest: look after its index",
                metadata: ["collection": "\(collection.name)", "recall": "\(mean.value)"])
            return
        }
        logger.warning(
            "searches find too little of what is nearest: the index of the collection is made anew",
            metadata: ["collection": "\(collection.name)", "recall": "\(mean.value)"])
        indexes.remake(collection.number)
    }
}
