import Core
import Search
import Storage
import Synchronization

/// The points that this server has written and its indexes have not taken over yet, so that those need not read them
/// again: after a commit, a reader has nothing left of the pages that it had in memory.
///
/// What is here is what stands in the tables as long as this server alone writes them. So nothing is kept where they
/// are on a database server that others write to.
final class WrittenPoints: Sendable {
    /// What became of a point.
    enum Outcome: Sendable {
        /// It is there. Its vectors are nil where they stayed as they were.
        case there(Point)
        case gone(PointKey)
    }

    /// What became of a point of a collection.
    struct Entry: Sendable {
        let collection: PointCollection
        /// What the point is in the change log.
        let entity: Identifier
        let outcome: Outcome
    }

    fileprivate struct State {
        var entries: [Identifier: Entry] = [:]
        var size = 0
    }

    /// How many bytes are kept at most. Of what is written beyond that the rows are read.
    static let limit = 64 << 20

    private let state = Mutex(State())

    /// Keeps what a transaction has made of some points, once it is committed.
    func note(_ entries: [Entry], in transaction: any WriteTransaction) {
        guard !transaction.isRemote, !entries.isEmpty else { return }
        transaction.afterCommit {
            self.state.withLock { state in
                for entry in entries { state.note(entry) }
            }
        }
    }

    /// What became of some points, by what they are in the change log. It is handed out once.
    func take(_ entities: some Sequence<Identifier>) -> [Identifier: Entry] {
        state.withLock { state in
            var taken: [Identifier: Entry] = [:]
            guard !state.entries.isEmpty else { return taken }
            for entity in entities {
                if let entry = state.remove(entity) { taken[entity] = entry }
            }
            return taken
        }
    }
}

extension WrittenPoints.State {
    fileprivate mutating func note(_ entry: WrittenPoints.Entry) {
        let new = entry.keepingVectors(of: remove(entry.entity))
        // Where it does not fit, what was known of the point before is not kept either: it is true no more.
        guard size + new.size <= WrittenPoints.limit else { return }
        entries[entry.entity] = new
        size += new.size
    }

    fileprivate mutating func remove(_ entity: Identifier) -> WrittenPoints.Entry? {
        let entry = entries.removeValue(forKey: entity)
        size -= entry?.size ?? 0
        return entry
    }
}

extension WrittenPoints.Entry {
    /// With the vectors that were written before, where only the payload has changed since.
    fileprivate func keepingVectors(of old: Self?) -> Self {
        guard case .there(var point) = outcome, point.vectors == nil, case .there(let before)? = old?.outcome else {
            return self
        }
        point.vectors = before.vectors
        return Self(collection: collection, entity: entity, outcome: .there(point))
    }

    /// How many bytes it takes, about.
    fileprivate var size: Int {
        guard case .there(let point) = outcome else { return 200 }
        let components = point.vectors?.elements.reduce(0) { $0 + $1.components.count } ?? 0
        return 400 + point.payload.count + 4 * components
    }
}

extension WrittenPoints.Outcome {
    var key: PointKey {
        switch self {
        case .there(let point): point.key
        case .gone(let key): key
        }
    }

    /// Whether it brings vectors.
    var hasVectors: Bool {
        if case .there(let point) = self { point.vectors != nil } else { false }
    }

    /// Whether it is all that the indexes want to know of a point.
    ///
    /// - parameter wantsVectors: whether its vectors may have changed.
    func suffices(wantsVectors: Bool) -> Bool {
        switch self {
        case .there: hasVectors || !wantsVectors
        case .gone: true
        }
    }
}
