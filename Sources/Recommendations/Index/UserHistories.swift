import Synchronization

/// What the users of a tenant did. One follower writes it; requests read beside it.
final class UserHistories: Sendable {
    /// How many parts it has, each with a lock of its own.
    private static let partCount = 64

    private let parts: [Part]
    private let version = Atomic<UInt64>(0)
    private let users = Atomic<Int>(0)
    private let entries = Atomic<Int>(0)
    private let seen = Atomic<Int>(0)
    private let segments = Atomic<Int>(0)
    private let interactions = Atomic<Int>(0)

    private final class Part: Sendable {
        let users = Mutex<[String: UserHistory]>([:])
    }

    init() { parts = (0..<Self.partCount).map { _ in Part() } }

    private func part(of user: String) -> Part {
        parts[Int(UInt(bitPattern: user.hashValue) % UInt(Self.partCount))]
    }

    /// Of how many users anything is known.
    var count: Int { users.load(ordering: .relaxed) }

    /// How many items all of their histories have together.
    var entryCount: Int { entries.load(ordering: .relaxed) }

    /// How many items are kept only as seen, together with those of long histories.
    var seenCount: Int { seen.load(ordering: .relaxed) }

    /// To how many segments they belong, all together.
    var segmentCount: Int { segments.load(ordering: .relaxed) }

    /// How many interactions there are of all of them.
    var interactionCount: Int { interactions.load(ordering: .relaxed) }

    /// What is known of a user; nil when nothing is.
    func find(_ user: String) -> UserHistory? { part(of: user).users.withLock { $0[user] } }

    /// Changes what is known of a user. Of whom nothing is known any more is forgotten.
    func update(_ user: String, _ change: (inout UserHistory) -> Void) {
        let version = version.add(1, ordering: .relaxed).newValue
        let (before, after) = part(of: user).users.withLock { users in
            // In its place: a copy of a history would be made anew for each interaction otherwise.
            let sizes = Self.change(&users[user, default: UserHistory()], version, change)
            if sizes.after == Size(nil) { users[user] = nil }
            return sizes
        }
        count(after, instead: before)
    }

    private static func change(
        _ history: inout UserHistory, _ version: UInt64, _ change: (inout UserHistory) -> Void
    ) -> (before: Size, after: Size) {
        let before = Size(history.version == 0 ? nil : history)
        change(&history)
        history.version = version
        return (before, Size(history.isEmpty ? nil : history))
    }

    /// Puts what is known of a user in the place of what was; nil is that nothing is.
    func set(_ user: String, _ history: UserHistory?) {
        let version = version.add(1, ordering: .relaxed).newValue
        var history = history
        history?.version = version
        let before = part(of: user).users.withLock { users in
            let before = Size(users[user])
            users[user] = history
            return before
        }
        count(Size(history), instead: before)
    }

    private func count(_ after: Size, instead before: Size) {
        users.add(after.users - before.users, ordering: .relaxed)
        entries.add(after.entries - before.entries, ordering: .relaxed)
        seen.add(after.seen - before.seen, ordering: .relaxed)
        segments.add(after.segments - before.segments, ordering: .relaxed)
        interactions.add(after.interactions - before.interactions, ordering: .relaxed)
    }

    /// Calls a closure with each user, a part of them at a time.
    func forEach(_ body: (String, UserHistory) throws -> Void) rethrows {
        for part in parts {
            for (user, history) in part.users.withLock({ $0 }) { try body(user, history) }
        }
    }
}

/// What one user adds to what is counted of all.
private struct Size: Equatable {
    let users: Int
    let entries: Int
    let seen: Int
    let segments: Int
    let interactions: Int

    init(_ history: UserHistory?) {
        users = history == nil ? 0 : 1
        entries = history?.entries.count ?? 0
        seen = history?.seen.count ?? 0
        segments = history?.segments.count ?? 0
        interactions = Int(history?.interactionCount ?? 0)
    }
}
