public import Core

/// The settings of the change log.
public enum ChangeLogSettings {
    /// How many changes a follower takes at a time.
    public static let followerBatch = Setting(
        "change_log.follower_batch", default: 500, unit: "changes", bounds: 1...1_000, moves: "follower_batch_size",
        "How many changes a follower applies in one transaction. Those of one unit of work are applied together, "
            + "however many they are.")
    /// How long changes are kept.
    public static let retentionAge = Setting(
        "change_log.retention_age", default: 720, unit: "hours", bounds: 0...876_000, moves: "change_log_deleted_total",
        "How long changes are kept; 0 keeps them whatever their age. A change that a follower needs is kept longer.")
    /// How large the log may grow.
    public static let retentionSize = Setting(
        "change_log.retention_size", default: 16_384, unit: "MiB", bounds: 0...16_777_216,
        moves: "change_log_size_bytes",
        "How large the log may grow before its oldest changes go; 0 sets no limit. A change that a follower needs "
            + "stays."
    )

    /// How often the end of a shared log is looked at.
    public static let tailInterval = Setting(
        "change_log.tail_interval", default: 5, unit: "ms", bounds: 1...1_000, moves: "change_log_settle_seconds",
        "How long an instance gathers changes of others on PostgreSQL before it looks at the log again.")

    /// All of them.
    public static let all: [AnySetting] = [
        followerBatch.erased, retentionAge.erased, retentionSize.erased, tailInterval.erased,
    ]
}
