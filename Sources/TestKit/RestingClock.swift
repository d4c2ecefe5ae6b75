import Synchronization

/// A clock on which time stands still: who waits by it notes for how long, and waits until it is cancelled.
public final class RestingClock: Clock {
    public typealias Instant = ContinuousClock.Instant

    public let now = ContinuousClock.now
    public let minimumResolution = Duration.zero
    private let noted = Mutex<[Duration]>([])

    public init() {}

    /// How long each of those who came wants to wait.
    public var rests: [Duration] { noted.withLock { $0 } }

    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        noted.withLock { $0.append(deadline - now) }
        // A stream that gives nothing ends with its task.
        let (nothing, source) = AsyncStream.makeStream(of: Void.self)
        for await _ in nothing {}
        withExtendedLifetime(source) {}
        throw CancellationError()
    }
}
