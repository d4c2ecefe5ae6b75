public import Core

/// The settings of the cache.
public enum CachingSettings {
    /// How much memory cached images may take.
    public static let memory = Setting(
        "cache.memory", default: 64, unit: "MiB", bounds: 0...1_048_576, moves: "cache_bytes",
        "How much memory the images of entities that were read lately may take; 0 keeps none.")

    /// Which Redis stands behind the memory of the process.
    public static let redis = Setting(
        "cache.redis", default: RedisSetting.none, moves: "redis_up",
        "The Redis that several instances share as a cache; empty uses none.")
    /// How long a command of Redis may take.
    public static let redisTimeout = Setting(
        "cache.redis_timeout", default: 20, unit: "ms", bounds: 1...10_000, moves: "redis_command_duration_seconds",
        "How long Redis may take to answer before the service goes on without it.")

    /// All of them.
    public static let all: [AnySetting] = [memory.erased, redis.erased, redisTimeout.erased]
}
