/// What becomes of what points were when they are deleted.
public enum HistoryOnDelete: Sendable {
    /// What they were is kept, and what they are now, where the collection keeps it.
    case keep
    /// What they were stays, and what they are now goes.
    case leave
    /// What they were goes too.
    case forget
}
