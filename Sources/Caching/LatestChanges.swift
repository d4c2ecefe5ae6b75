public import Core
import Synchronization

/// At which position of the log something changed last, as far as this process has followed it.
///
/// Things share slots, so what it says of one may be the change of another: an entry is then taken for out of date
/// without need, never the other way round. What was read before the floor is always out of date, because the changes
/// up to there were not noted. It takes no lock.
public final class LatestChanges: @unchecked Sendable {
    // Unchecked because of the pointer: it never changes, and what it points at is atomic.

    /// Powers of two. Types have slots of their own: each write changes one, which must not take an entity with it.
    private static let entitySlots = 16_384
    private static let typeSlots = 4_096

    private let slots: UnsafeMutablePointer<Atomic<Int64>>
    private let floor = Atomic<Int64>(LogPosition.start.value)

    /// Nothing has changed yet, and everything counts as noted.
    public init() {
        slots = .allocate(capacity: Self.entitySlots + Self.typeSlots)
        for slot in 0..<Self.entitySlots + Self.typeSlots { (slots + slot).initialize(to: Atomic(0)) }
    }

    deinit {
        slots.deinitialize(count: Self.entitySlots + Self.typeSlots)
        slots.deallocate()
    }

    /// Notes a change. It must be told before anybody is told of the position.
    public func changed(_ dependency: CacheDependency, at position: LogPosition) {
        slots[Self.slot(dependency)].max(position.value, ordering: .acquiringAndReleasing)
    }

    /// Takes everything that was read before a position for out of date.
    public func raiseFloor(to position: LogPosition) {
        floor.max(position.value, ordering: .acquiringAndReleasing)
    }

    /// Takes what was read at a position or later for good again: the changes since then were noted.
    public func begin(at position: LogPosition) {
        floor.store(position.value, ordering: .releasing)
    }

    /// Whether nothing that an entry was made of has changed since it was read.
    ///
    /// - parameter readAt: a position that the snapshot included which the entry was read from.
    public func isValid(readAt: LogPosition, _ dependencies: some Sequence<CacheDependency>) -> Bool {
        isAboveFloor(readAt) && dependencies.allSatisfy { isUnchanged($0, since: readAt) }
    }

    /// Whether what an entry was made of has not changed since it was read.
    func isValid(readAt: LogPosition, _ dependency: CacheDependency) -> Bool {
        isAboveFloor(readAt) && isUnchanged(dependency, since: readAt)
    }

    /// Whether a thing has not changed since a position; the floor is another matter.
    private func isUnchanged(_ dependency: CacheDependency, since position: LogPosition) -> Bool {
        slots[Self.slot(dependency)].load(ordering: .acquiring) <= position.value
    }

    /// Whether the changes since a position were noted.
    func isAboveFloor(_ position: LogPosition) -> Bool { position.value >= floor.load(ordering: .acquiring) }

    private static func slot(_ dependency: CacheDependency) -> Int {
        switch dependency {
        case .entity(_, _, let id):
            // The low half of an identifier is random, so its bits spread as well as those of a hash.
            return Int(truncatingIfNeeded: id.low >> 8) & (entitySlots - 1)
        case .entityType(let tenant, let type):
            // FNV-1a (Fowler, Noll, Vo).
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bitPattern: tenant.number)
            for byte in type.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            return entitySlots + Int(truncatingIfNeeded: hash ^ hash >> 32) & (typeSlots - 1)
        }
    }
}
