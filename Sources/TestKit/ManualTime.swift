public import Core
import Synchronization

/// A clock that stands still until a test moves it.
public final class ManualTime: TimeSource {
    private let moment: Mutex<Timestamp>

    /// A clock that shows a moment, by default the start of 2026.
    public init(_ moment: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        self.moment = Mutex(moment)
    }

    public func now() -> Timestamp { moment.withLock { $0 } }

    /// Moves the clock on.
    public func advance(bySeconds seconds: Int64) {
        moment.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }
}
