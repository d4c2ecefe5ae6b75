import ChangeLog
import Core
import Logging
import Search
import ServiceLifecycle
import Synchronization
import Telemetry

/// Writes the indexes of vectors into files once in a while, so that a start need not make them anew.
final class IndexKeeper: Service {
    private let indexes: CollectionIndexes
    private let files: IndexFiles?
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let writings: Counter
    private let logger: Logger
    /// Which index of each collection was written last, by the number of the collection, and how often it had been
    /// changed then.
    private let written = Mutex<[Int64: Writing]>([:])

    private struct Writing {
        weak var index: CollectionIndex?
        let changeCount: Int
    }

    init(
        _ indexes: CollectionIndexes, _ files: IndexFiles?, settings: SettingsValues, metrics: MetricsRegistry,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.indexes = indexes
        self.files = files
        self.clock = clock
        self.logger = logger
        interval = .milliseconds(settings[MemoriesSettings.fileInterval])
        writings = metrics.counter(
            "index_files_written_total", "How often the vectors of a collection were written into files."
        ).with()
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                do { try await self.clock.sleep(for: self.interval) } catch { return }
                self.writeChanged()
                await self.saveEngine()
            }
        }
        await saveEngine()
    }

    /// Has the engine beside this server note how far it has come.
    private func saveEngine() async {
        guard let position = indexes.appliedPosition else { return }
        do {
            try await indexes.engines.save(try await indexes.mark(at: position), of: indexes.all)
        } catch {
            logger.warning("how far the vector engine has come was not noted", metadata: ["error": "\(error)"])
        }
    }

    /// Writes what has changed since it was written last.
    func writeChanged() {
        guard let files, let position = indexes.appliedPosition else { return }
        let all = indexes.all.filter(\.elsewhere.isEmpty)
        for index in all {
            let number = index.collection.number
            let count = index.changeCount
            guard lastWriting(of: index, number) != count else { continue }
            do {
                try files.write(index, at: position)
                written.withLock { $0[number] = Writing(index: index, changeCount: count) }
                writings.increment()
            } catch {
                logger.warning("the index of a collection was not written", metadata: ["error": "\(error)"])
            }
        }
        files.remove(allBut: Set(all.map(\.collection.number)))
    }

    /// How often an index had been changed when it was as its files are. One that was made anew since is not there.
    private func lastWriting(of index: CollectionIndex, _ number: Int64) -> Int {
        let last = written.withLock { $0[number] }
        guard let last, last.index === index else { return index.restoredChangeCount }
        return last.changeCount
    }
}
