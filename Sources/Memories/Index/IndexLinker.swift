import ChangeLog
import Logging
import Search

/// Brings the vectors that were written into the graphs, as ``IdleWork``. What is not in a graph yet is found all the
/// same, at the cost of a look at each for every search.
struct IndexLinker: Sendable {
    private let indexes: CollectionIndexes
    private let logger: Logger

    /// How many vectors are linked before others have their turn.
    static let turn = 16

    init(_ indexes: CollectionIndexes, logger: Logger) {
        self.indexes = indexes
        self.logger = logger
    }

    /// Links some vectors of each index. Where none waits, it looks for indexes that should be made anew.
    func work() -> IdleWork.Turn {
        let turn = indexes.all.flatMap(\.embedded).reduce(into: IdleWork.Turn(count: 0)) { turn, vectors in
            turn.count += vectors.linkSome(Self.turn)
            turn.backlog = max(turn.backlog, vectors.backlog)
        }
        if turn.count == 0 { remakeDrifted() }
        return turn
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
