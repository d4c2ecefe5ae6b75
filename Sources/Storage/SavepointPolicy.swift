/// Decides whether each write of a batch has a savepoint of its own.
///
/// An open savepoint makes SQLite copy each page that changes for the first time, a seventh of what a write costs; on
/// PostgreSQL it is two more statements, and what writes insert cannot be sent together.
/// Most writes succeed, so a batch runs without; when one fails that has changed something, all is undone and the batch
/// runs again with savepoints, as do the next ones, since failures come in bursts.
struct SavepointPolicy {
    /// How many batches have savepoints after one that needed them.
    static let carefulBatches = 64

    private var left = 0

    /// Whether the writes of the batch that comes next have savepoints.
    var usesSavepoints: Bool { left > 0 }

    /// A batch was undone because it had none.
    mutating func neededSavepoints() { left = Self.carefulBatches }

    /// A batch was committed.
    mutating func committed() { left = max(0, left - 1) }
}
