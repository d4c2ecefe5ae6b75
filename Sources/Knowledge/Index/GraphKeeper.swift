import ChangeLog
import Search

/// Looks after the graphs, as ``IdleWork``: links the vectors that were written, sorts ids, puts the links of each node
/// together, and finds out anew what follows from a graph as a whole once it has changed.
struct GraphKeeper: Sendable {
    /// How many vectors are linked before others have their turn.
    private static let linkedAtOnce = 16

    private let indexes: GraphIndexes

    init(_ indexes: GraphIndexes) { self.indexes = indexes }

    /// Does some of it.
    func work() -> IdleWork.Turn {
        let turn = indexes.all.flatMap(\.vectors).reduce(into: IdleWork.Turn(count: 0)) { turn, vectors in
            turn.count += vectors.linkSome(Self.linkedAtOnce)
            turn.backlog = max(turn.backlog, vectors.backlog)
        }
        guard turn.count == 0 else { return turn }
        // Searches compare ids: that they need no texts for it comes before what few of them ask for.
        let sorted = indexes.all.count { $0.sort() }
        guard sorted == 0 else { return IdleWork.Turn(count: sorted) }
        let compressed = indexes.all.count { $0.compress() }
        guard compressed == 0 else { return IdleWork.Turn(count: compressed) }
        return IdleWork.Turn(count: indexes.all.count { $0.analyse() })
    }
}
