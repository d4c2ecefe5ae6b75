/// How far the closure of a write is kept apart from those that run at the same time.
///
/// An engine with one writer runs them one after the other, whatever is asked for.
public enum Isolation: Sendable {
    /// As if they ran one after the other. Those that cannot are undone and run again.
    case serializable
    /// Each statement sees what is committed. For closures that many run on the same rows, and in which every decision
    /// is held by a row lock, a constraint or a condition of the statement that acts on it: they wait for each other
    /// instead of undoing each other.
    case readCommitted
    /// The same for closures that come in great numbers and are short: those that wait at the same time share a
    /// transaction, in which they run one after the other, and its commit (group commit).
    case groupCommit
}
