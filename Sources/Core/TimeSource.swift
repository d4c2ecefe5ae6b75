#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the time of day comes from. Tests put a clock of their own in its place.
public protocol TimeSource: Sendable {
    /// The present moment.
    func now() -> Timestamp
}

/// The operating system's real-time clock.
public struct SystemTime: TimeSource {
    /// The clock of this machine.
    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
