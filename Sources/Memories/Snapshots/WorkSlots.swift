import Core
import Synchronization

/// How much of one kind of work is done at the same time.
final class WorkSlots: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// A place among those who work, which is given back once.
    final class Slot: Sendable {
        private let slots: Mutex<WorkSlots?>

        fileprivate init(_ slots: WorkSlots) { self.slots = Mutex(slots) }

        deinit { leave() }

        /// Gives the place to others.
        func leave() {
            let left = slots.withLock { slots in
                defer { slots = nil }
                return slots
            }
            left?.count.withLock { $0 -= 1 }
        }
    }

    /// Takes a place.
    ///
    /// - throws: ``Failure`` `too_many_snapshots_at_once`.
    func enter() throws -> Slot {
        let isAllowed = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAllowed else {
            throw Failure(
                .tooManyRequests, code: "too_many_snapshots_at_once",
                "\(limit) snapshots, exports or restores are being done. Try again later.", retryAfter: 5)
        }
        return Slot(self)
    }
}
