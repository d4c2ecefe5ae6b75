import Search
import Synchronization

/// An index that is made in the place of another of the same collection, which is searched until then.
///
/// Both take over what the log tells. A page that was read from the table may be older than that, so it brings only
/// points that the log has not told of. Whoever calls this has the turn (``CollectionIndexes/turns``).
final class IndexReplacement: Sendable {
    /// The index that is searched.
    let old: CollectionIndex
    /// The index that takes its place.
    let made: CollectionIndex
    /// Points that are gone since it began, which pages that were read before still have; nil once it is filled.
    private let gone = Mutex<Set<PointKey>?>([])

    init(_ made: CollectionIndex, for old: CollectionIndex) {
        self.made = made
        self.old = old
    }

    /// Takes over points as they were in the table at any time since it began.
    func fill(_ page: some Sequence<Point>) throws {
        let gone = gone.withLock { $0 ?? [] }
        for point in page where made.slot(of: point.key) == nil && !gone.contains(point.key) { try made.set(point) }
    }

    /// Notes that all points were there.
    func endFilling() { gone.withLock { $0 = nil } }

    /// Whether a point can be taken over as it is: one whose vectors stayed as they were must be here already.
    func suffices(_ point: Point) -> Bool { point.vectors != nil || made.slot(of: point.key) != nil }

    /// Takes over what the log tells.
    func follow(_ there: [Point], removing removed: [PointKey]) throws {
        for point in there { try made.set(point) }
        for key in removed { made.remove(key) }
        gone.withLock { $0?.formUnion(removed) }
    }
}
