import Synchronization

/// How many transactions this process has committed to a file: a snapshot that began at the count of now is not stale.
final class CommitCount: Sendable {
    private let count = Atomic<Int>(0)

    /// The commits so far. A snapshot that begins now has all of them.
    var value: Int { count.load(ordering: .acquiring) }

    /// One more is durable, and nobody was told of it yet.
    func increment() { count.add(1, ordering: .releasing) }
}
