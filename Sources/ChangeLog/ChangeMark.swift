public import Core
import Synchronization

/// How far the log was when an entity of some types changed last, for whoever keeps copies of them: a copy as of the
/// mark or later is as good as the tables.
public final class ChangeMark: Sendable {
    let types: Set<String>
    private let latest = Atomic<Int64>(0)

    init(of types: Set<String>) { self.types = types }

    /// No change of the types that is part of ``ChangeLog/head`` stands after this position.
    public var position: LogPosition { LogPosition(latest.load(ordering: .acquiring)) }

    func advance(to position: LogPosition) {
        latest.max(position.value, ordering: .acquiringAndReleasing)
    }
}
