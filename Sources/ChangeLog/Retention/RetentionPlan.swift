import Core

/// Decides which of the oldest changes may go.
struct RetentionPlan {
    /// What the oldest part of the log looks like.
    struct Row {
        let position: LogPosition
        let time: Timestamp
    }

    /// Changes before this moment are too old; nil when age does not matter.
    let cutoff: Timestamp?
    /// How many of the oldest changes are too many; 0 when the log is within its size.
    let excess: Int
    /// The last change of the log, which always stays: the engine must never assign its position again.
    let last: LogPosition
    /// Where the slowest follower would begin again; nil when nobody follows.
    let slowestFollower: LogPosition?

    /// The position up to which changes may be deleted, or nil when none may.
    ///
    /// - parameter oldest: the oldest changes of the log, ascending.
    func deletable(of oldest: [Row]) -> LogPosition? {
        var result: LogPosition?
        for (index, row) in oldest.enumerated() {
            let isTooOld = cutoff.map { row.time < $0 } ?? false
            guard isTooOld || index < excess, row.position < last else { break }
            if let slowestFollower, row.position > slowestFollower { break }
            result = row.position
        }
        return result
    }
}
