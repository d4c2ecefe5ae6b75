import ChangeLog
import Core
import Logging
import Search
import ServiceLifecycle

/// Brings the vectors that were written into the graphs, beside what else the server does.
///
/// What is not in a graph yet is found all the same, at the cost of a look at each for every search. So it goes on only
/// while every change is applied, and while changes come it rests most of the time, the less the more vectors wait: a
/// load of many vectors takes half the time when they are linked afterwards.
struct IndexLinker: Service {
    private let log: ChangeLog
    private let indexes: CollectionIndexes
    private let follower: Follower
    private let logger: Logger

    /// How many vectors are linked before others have their turn.
    static let turn = 16
    /// How long it waits at most before it looks again: what a change brings is there a little after the change.
    private static let pause = Duration.milliseconds(500)
    /// How many times as long as it works it rests while changes come and few vectors wait.
    private static let rest = 8.0

    init(_ log: ChangeLog, _ indexes: CollectionIndexes, _ follower: Follower, logger: Logger) {
        self.log = log
        self.indexes = indexes
        self.follower = follower
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.link() }
    }

    private func link() async {
        while !Task.isCancelled {
            let head = log.head
            do {
                try await follower.waitUntil(position: head, atMost: Self.pause)
            } catch is CancellationError {
                return
            } catch {
                // Changes still wait to be applied.
                continue
            }
            let start = ContinuousClock.now
            let (count, backlog) = linkSome()
            do {
                if count == 0 {
                    remakeDrifted()
                    try await log.waitForChange(after: head, atMost: Self.pause)
                } else if log.head > head {
                    try await Task.sleep(for: (ContinuousClock.now - start) * (Self.rest * max(0, 1 - backlog)))
                } else {
                    await Task.yield()
                }
            } catch { return }
        }
    }

    /// Links some vectors of each index.
    ///
    /// - returns: how many there were, and how many still wait of the index that is behind most, as a part of as many
    ///   as may.
    private func linkSome() -> (count: Int, backlog: Double) {
        indexes.all.flatMap(\.embedded).reduce((count: 0, backlog: 0.0)) { sum, vectors in
            (sum.count + vectors.linkSome(Self.turn), max(sum.backlog, vectors.backlog))
        }
    }

    /// Has indexes made anew whose codes no longer fit what is stored: later vectors are unlike the first ones.
    ///
    /// - returns: how many that are not being made already.
    @discardableResult
    func remakeDrifted() -> Int {
        var count = 0
        for index in indexes.all where index.embedded.contains(where: \.isDrifted) {
            let collection = index.collection
            guard !indexes.isRemaking(collection.number) else { continue }
            logger.notice(
                "vectors have become unlike those that their codes were fitted to: the index is made anew",
                metadata: ["collection": "\(collection.name)"])
            indexes.remake(collection.number)
            count += 1
        }
        return count
    }
}
