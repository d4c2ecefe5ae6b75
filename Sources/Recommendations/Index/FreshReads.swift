import Core
import Synchronization

/// Which users of a tenant were read anew lately, and when. Their changes from before come all the same, and would
/// count twice. One follower asks and tells.
final class FreshReads: Sendable {
    private struct Read {
        /// All changes up to there are in what was read.
        var position: LogPosition
        /// Where the log ended in the snapshot that was read: what was taken back until then may be missing in it.
        var end: LogPosition
    }

    private struct State {
        var users: [String: Read] = [:]
        /// Where the log ended when all users were read.
        var end = LogPosition.start
    }

    private let state = Mutex(State())

    /// Whether a change of a user was there when the user was read.
    func include(_ user: String, at position: LogPosition) -> Bool {
        state.withLock { state in state.users[user].map { position <= $0.position } ?? false }
    }

    /// Whether what a change took back of a user may not have been counted when the user was read.
    func mayHaveMissed(_ user: String, at position: LogPosition) -> Bool {
        state.withLock { state in
            position <= state.end || state.users[user].map { position <= $0.end } ?? false
        }
    }

    /// A user was read as of a position or later.
    ///
    /// - parameter end: where the log ended in the snapshot.
    func note(_ user: String, at position: LogPosition, end: LogPosition) {
        state.withLock { $0.users[user] = Read(position: position, end: max(position, end)) }
    }

    /// All users were read, in snapshots in which the log ended at a position or before.
    func noteAll(end: LogPosition) { state.withLock { $0.end = end } }

    /// All changes up to a position have come.
    func forget(upTo position: LogPosition) {
        state.withLock { state in
            if !state.users.isEmpty { state.users = state.users.filter { $0.value.end > position } }
        }
    }
}
