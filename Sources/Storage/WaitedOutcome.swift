import Dispatch
import Synchronization

/// What comes of something that another thread does, for a thread that waits for it: one that nobody else needs.
public final class WaitedOutcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let signal = DispatchSemaphore(value: 0)

    /// Nothing has come of it yet.
    public init() {}

    /// Tells what has come of it, once.
    public func set(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        signal.signal()
    }

    /// Waits for it.
    ///
    /// - returns: nil when it takes longer.
    public func wait(atMost patience: Duration) -> Result<Value, any Error>? {
        _ = signal.wait(timeout: .now() + patience / .seconds(1))
        return result.withLock { $0 }
    }
}
