import ChangeLog
import Core

/// Who goes through the log to have its changes matched.
enum MatchReader: Sendable {
    /// The observers that stand together at the end of the log.
    case together
    /// One that catches up with them.
    case observer(CompiledObserver)
    /// One that is led through a part of the log once more.
    case replay(Replay, CompiledObserver)

    /// The number that tells deliveries of a replay from others.
    var replayNumber: Int64 {
        if case .replay(let replay, _) = self { replay.number } else { 0 }
    }
}

/// A part of the log that an observer is led through once more.
struct Replay: Sendable {
    let number: Int64
    let observer: Int64
    /// How far it is.
    let position: LogPosition
    /// Where it ends.
    let last: LogPosition
}
