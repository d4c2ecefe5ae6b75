import Synchronization

/// What the users of a tenant did. One follower writes it; requests read beside it.
final class UserHistories: Sendable {
    /// How many parts it has, each with a lock of its own.
    private static let partCount = 64

    private let parts: [Part]
    private let version = Atomic<UInt64>(0)
    private let entries = Atomic<Int>(0)

    private final class Part: Sendable {
        let users = Mutex<[String: UserHistory]>([:])
    }

    init() { parts = (0..<Self.partCount).map { _ in Part() } }

    private func part(of user: String) -> Part {
        parts[Int(UInt(bitPattern: user.hashValue) % UInt(Self.partCount))]
    }

    /// How many users did something.
    var count: Int { parts.reduce(0) { $0 + $1.users.withLock { $0.count } } }

    /// How many items all of their histories have together.
    var entryCount: Int { entries.load(ordering: .relaxed) }

    /// What a user did; nil when nothing.
    func find(_ user: String) -> UserHistory? { part(of: user).users.withLock { $0[user] } }

    /// Changes what a user did.
    func update(_ user: String, _ change: (inout UserHistory) -> Void) {
        let version = version.add(1, ordering: .relaxed).newValue
        let added = part(of: user).users.withLock { users in
            // In its place: a copy of a history would be made anew for each interaction otherwise.
            Self.change(&users[user, default: UserHistory()], version, change)
        }
        entries.add(added, ordering: .relaxed)
    }

    /// - returns: how many items it has more than before.
    private static func change(
        _ history: inout UserHistory, _ version: UInt64, _ change: (inout UserHistory) -> Void
    ) -> Int {
        let count = history.entries.count
        change(&history)
        history.version = version
        return history.entries.count - count
    }

    /// Puts a history in the place of another; nil is that of who did nothing.
    func set(_ user: String, _ history: UserHistory?) {
        let version = version.add(1, ordering: .relaxed).newValue
        var history = history
        history?.version = version
        let before = part(of: user).users.withLock { users in
            let before = users[user]?.entries.count ?? 0
            users[user] = history
            return before
        }
        entries.add((history?.entries.count ?? 0) - before, ordering: .relaxed)
    }

    /// Calls a closure with each user, a part of them at a time.
    func forEach(_ body: (String, UserHistory) throws -> Void) rethrows {
        for part in parts {
            for (user, history) in part.users.withLock({ $0 }) { try body(user, history) }
        }
    }
}
