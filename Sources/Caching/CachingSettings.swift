public import Core

/// The settings of the cache.
public enum CachingSettings {
    /// How much memory cached images may take.
    public static let memory = Setting(
        "cache.memory", default: 64, unit: "MiB", bounds: 0...1_048_576, moves: "cache_bytes",
        "How much memory the images of entities that were read lately may take; 0 keeps none.")

    /// How much memory cached answers to queries may take.
    public static let queryMemory = Setting(
        "cache.query_memory", default: 16, unit: "MiB", bounds: 0...1_048_576, moves: "cache_bytes",
        "How much memory lists and searches that were asked for lately may take; 0 keeps none.")
    /// Which Redis stands behind the memory of the process.
    public static let redis = Setting(
        "cache.redis", default: OptionalSetting<RedisURL>.none, moves: "redis_up",
        "The Redis that several instances share as a cache; empty uses none.")
    /// How long a command of Redis may take.
    public static let redisTimeout = Setting(
        "cache.redis_timeout", default: 20, unit: "ms", bounds: 1...10_000, moves: "redis_command_duration_seconds",
        "How long Redis may take to answer before the service goes on without it.")

    /// How long an entry stays in Redis.
    public static let redisExpiry = Setting(
        "cache.redis_expiry", default: 3_600, unit: "s", bounds: 1...2_592_000, moves: "cache_misses_total",
        "How long Redis keeps an entry that nobody replaces. It bounds memory; what has changed is never used.")

    /// All of them.
    public static let all: [AnySetting] = [
        memory.erased, queryMemory.erased, redis.erased, redisTimeout.erased, redisExpiry.erased,
    ]
}
