public import Core

/// The settings of leases.
public enum LeaseSettings {
    /// How long a lease lasts unless it is renewed.
    public static let duration = Setting(
        "leases.duration", default: 15, unit: "s", bounds: 3...300, moves: "lease_acquisitions_total",
        "How long background work that must happen once stays with an instance that no longer answers.")

    /// All of them.
    public static let all: [AnySetting] = [duration.erased]
}
