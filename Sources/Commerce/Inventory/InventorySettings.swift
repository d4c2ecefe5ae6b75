public import Core

/// The settings of the inventory.
public enum InventorySettings {
    /// How often overdue reservations are looked for.
    public static let sweepInterval = Setting(
        "commerce.reservation_sweep_interval", default: 1_000, unit: "ms", bounds: 10...3_600_000,
        moves: "reservation_expiry_delay_seconds",
        "How long the sweeper rests when no reservation is overdue. Until swept, its units are not available again.")
    /// How many overdue reservations are ended in one unit of work.
    public static let sweepBatch = Setting(
        "commerce.reservation_sweep_batch", default: 200, unit: "reservations", bounds: 1...10_000,
        moves: "reservation_sweep_batch_size",
        "How many overdue reservations are ended in one transaction at most; a larger one keeps other writes waiting.")

    /// All of them.
    public static let all: [AnySetting] = [sweepInterval.erased, sweepBatch.erased]
}
