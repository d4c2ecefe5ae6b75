public import Core

/// The settings of observers.
public enum ObserversSettings {
    /// Where observers and statements stand in a file.
    public static let file = Setting(
        "observers.file", default: "", moves: "observer_file_loads_total",
        "A YAML file with observers and named statements, which is read again whenever it changes; empty is none.")
    /// How many changes are matched at once.
    public static let batch = Setting(
        "observers.batch", default: 1_000, unit: "changes", bounds: 1...1_000, moves: "checkpoint_batch_size",
        "How many changes are matched and stored together with their position at most. None is lost at any size.")
    /// How many deliveries of an action are in memory.
    public static let window = Setting(
        "observers.window", default: 512, unit: "deliveries", bounds: 1...100_000,
        moves: "observer_read_deliveries",
        "How many deliveries of one action an instance has in memory at most, and an eighth of that of one entity; the "
            + "others wait in the database.")
    /// How long a statement of a database action may run.
    public static let statementTimeout = Setting(
        "observers.statement_timeout", default: 1_000, unit: "ms", bounds: 10...60_000,
        moves: "observer_actions_failed_total",
        "How long a statement of a database action may run, at most storage.statement_timeout. Others wait meanwhile; "
            + "one that takes longer is tried again later."
    )
    /// How long delivered rows are kept.
    public static let retention = Setting(
        "observers.delivery_retention", default: 168, unit: "hours", bounds: 1...87_600,
        moves: "observer_deliveries_swept_total", "How long it is remembered what was done about an event.")

    /// All of them.
    public static let all: [AnySetting] = [
        file.erased, batch.erased, window.erased, statementTimeout.erased, retention.erased,
    ]
}
