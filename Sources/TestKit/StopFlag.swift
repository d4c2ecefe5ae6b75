import Synchronization

/// Tells those who work side by side that it is time to stop.
public final class StopFlag: Sendable {
    private let state = Atomic<Bool>(false)

    /// A flag that is not raised.
    public init() {}

    /// Whether it is time.
    public var isRaised: Bool { state.load(ordering: .acquiring) }

    /// Says that it is time.
    public func raise() { state.store(true, ordering: .releasing) }
}
