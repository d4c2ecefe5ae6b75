import ChangeLog
import Core
import Search
import Storage
import Synchronization

/// How indexes are made beside the follower, which goes on applying changes.
extension CollectionIndexes {
    /// What is about to be done, for tests that hold it up.
    enum BuildStep {
        /// Points are taken over that were read from the table.
        case page
        /// What was made is put in its place.
        case swap
    }

    /// The collection has changed or gone, so what was begun is of no use.
    struct Overtaken: Error {}

    /// What is to be made beside the follower.
    enum Build {
        /// A whole index that takes the place of this one.
        case replacement(CollectionIndex)
        /// Fields of payloads that the index does not have yet.
        case fields(CollectionIndex)
    }

    /// What is to be made next; nil when nothing is.
    var nextBuild: Build? {
        state.withLock { state in
            // With a set of vectors elsewhere it is the follower that fills it again.
            let unfit = state.unfit.sorted().compactMap { state.byNumber[$0] }.first(where: \.elsewhere.isEmpty)
            if let unfit { return .replacement(unfit) }
            return state.unindexed.keys.sorted().compactMap { state.byNumber[$0] }.first.map(Build.fields)
        }
    }

    /// The vectors of what is being made in the place of another index: they take memory, and nobody searches them yet.
    var beingMade: [VectorIndex] { state.withLock { $0.replacement }?.made.embedded ?? [] }

    /// Makes an index in the place of another.
    ///
    /// - throws: ``Overtaken``.
    func replace(_ old: CollectionIndex, at step: (BuildStep) async throws -> Void) async throws {
        let collection = old.collection
        let made = try CollectionIndex(collection, engines, samples: try await samples(of: old))
        let replacement = IndexReplacement(made, for: old)
        try await begin(replacement)
        defer { giveUp(replacement) }
        try await forEachPage(of: collection, withVectors: true) { page in
            try await step(.page)
            for start in stride(from: 0, to: page.count, by: Self.pageTurn) {
                let part = page[start..<min(start + Self.pageTurn, page.count)]
                try await turns.take {
                    try requireCurrent(replacement)
                    try replacement.fill(part)
                }
            }
        }
        replacement.endFilling()
        try await link(replacement)
        try await step(.swap)
        try await turns.take {
            try requireCurrent(replacement)
            state.withLock { state in
                state.add(made)
                state.unfit.remove(collection.number)
                state.unindexed[collection.number] = nil
            }
        }
    }

    /// How many points are taken over at a time while the follower waits.
    private static let pageTurn = 64

    /// Has the follower tell a replacement what changes.
    private func begin(_ replacement: IndexReplacement) async throws {
        let collection = replacement.made.collection
        try await turns.take {
            try state.withLock { state in
                guard state.byNumber[collection.number] === replacement.old,
                    replacement.old.collection.version == collection.version
                else { throw Overtaken() }
                state.replacement = replacement
            }
        }
    }

    private func giveUp(_ replacement: IndexReplacement) {
        state.withLock { state in
            if state.replacement === replacement { state.replacement = nil }
        }
    }

    private func requireCurrent(_ replacement: IndexReplacement) throws {
        try Task.checkCancellation()
        guard state.withLock({ $0.replacement === replacement }) else { throw Overtaken() }
    }

    /// Links the vectors of a replacement until no more of them wait than in the index that is searched: else searches
    /// and the follower would become slow when it takes its place.
    private func link(_ replacement: IndexReplacement) async throws {
        for (made, old) in zip(replacement.made.embedded, replacement.old.embedded) {
            while made.unlinkedCount > old.unlinkedCount, made.linkSome(IndexLinker.turn) > 0 {
                try requireCurrent(replacement)
                await Task.yield()
            }
        }
    }

    /// Indexes the fields that an index does not have yet.
    ///
    /// - throws: ``Overtaken``.
    func indexFields(of index: CollectionIndex, at step: (BuildStep) async throws -> Void) async throws {
        let fields = try index.beginFields()
        try await forEachPage(of: index.collection, withVectors: false) { page in
            try await step(.page)
            try Task.checkCancellation()
            guard isCurrent(index), try index.fill(fields, from: page) else { throw Overtaken() }
        }
        try await step(.swap)
        try await turns.take {
            guard isCurrent(index), index.endFields(fields) else { throw Overtaken() }
            state.withLock { $0.unindexed[index.collection.number] = nil }
        }
    }

    private func isCurrent(_ index: CollectionIndex) -> Bool {
        state.withLock { $0.byNumber[index.collection.number] === index }
    }

    /// Waits until the fields are indexed that a change at a position wants to be.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    func waitUntilIndexed(at position: LogPosition, atMost patience: Duration) async throws {
        let isIndexed = { @Sendable [self] in
            state.withLock { state in !state.unindexed.values.contains { $0.contains(position) } }
        }
        try await builds.wait(atMost: patience, until: isIndexed)
        guard isIndexed() else {
            throw Failure(
                .unavailable, code: "index_not_ready",
                "The index of the field is being made. Filters read payloads until it is there; order by it later.",
                retryAfter: 1)
        }
    }
}
