public import Core

/// The settings of the cache.
public enum CachingSettings {
    /// How much memory cached images may take.
    public static let memory = Setting(
        "cache.memory", default: 64, unit: "MiB", bounds: 0...1_048_576, moves: "cache_bytes",
        "How much memory the images of entities that were read lately may take; 0 keeps none.")

    /// All of them.
    public static let all: [AnySetting] = [memory.erased]
}
