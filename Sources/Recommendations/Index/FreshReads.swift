import Core
import Synchronization

/// Which users of a tenant were read anew lately, and when. Their changes from before come all the same, and would
/// count twice. One follower asks and tells.
final class FreshReads: Sendable {
    private let positions = Mutex<[String: LogPosition]>([:])

    /// Whether a change of a user was there when the user was read.
    func include(_ user: String, at position: LogPosition) -> Bool {
        positions.withLock { positions in positions[user].map { position <= $0 } ?? false }
    }

    /// A user was read as of a position or later.
    func note(_ user: String, at position: LogPosition) { positions.withLock { $0[user] = position } }

    /// All changes up to a position have come.
    func forget(upTo position: LogPosition) {
        positions.withLock { positions in
            if !positions.isEmpty { positions = positions.filter { $0.value > position } }
        }
    }
}
